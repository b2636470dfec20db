from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="FeatureRef")


@_attrs_define
class FeatureRef:
    """
    Attributes:
        model (str):
        source (str):
        index (int):
    """

    model: str
    source: str
    index: int

    def to_dict(self) -> dict[str, Any]:
        model = self.model

        source = self.source

        index = self.index

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "model": model,
                "source": source,
                "index": index,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        model = d.pop("model")

        source = d.pop("source")

        index = d.pop("index")

        feature_ref = cls(
            model=model,
            source=source,
            index=index,
        )

        return feature_ref
