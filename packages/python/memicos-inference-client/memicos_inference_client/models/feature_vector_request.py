from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..models.feature_vector_request_which import FeatureVectorRequestWhich, check_feature_vector_request_which
from ..types import UNSET, Unset

T = TypeVar("T", bound="FeatureVectorRequest")


@_attrs_define
class FeatureVectorRequest:
    """
    Attributes:
        model (str):
        source (str):
        index (int):
        which (FeatureVectorRequestWhich | Unset):  Default: 'decoder'.
    """

    model: str
    source: str
    index: int
    which: FeatureVectorRequestWhich | Unset = "decoder"

    def to_dict(self) -> dict[str, Any]:
        model = self.model

        source = self.source

        index = self.index

        which: str | Unset = UNSET
        if not isinstance(self.which, Unset):
            which = self.which

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "model": model,
                "source": source,
                "index": index,
            }
        )
        if which is not UNSET:
            field_dict["which"] = which

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        model = d.pop("model")

        source = d.pop("source")

        index = d.pop("index")

        _which = d.pop("which", UNSET)
        which: FeatureVectorRequestWhich | Unset
        if isinstance(_which, Unset):
            which = UNSET
        else:
            which = check_feature_vector_request_which(_which)

        feature_vector_request = cls(
            model=model,
            source=source,
            index=index,
            which=which,
        )

        return feature_vector_request
