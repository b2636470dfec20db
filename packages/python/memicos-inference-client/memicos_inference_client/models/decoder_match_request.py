from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="DecoderMatchRequest")


@_attrs_define
class DecoderMatchRequest:
    """For each feature of `source` the one of `target` whose decoder direction is most alike, and back.

    Attributes:
        model (str):
        source (str):
        target (str):
        features (list[int] | None | Unset): Only these of `source`; left out: all.
    """

    model: str
    source: str
    target: str
    features: list[int] | Unset | None = UNSET

    def to_dict(self) -> dict[str, Any]:
        model = self.model

        source = self.source

        target = self.target

        features: list[int] | Unset | None
        if isinstance(self.features, Unset):
            features = UNSET
        elif isinstance(self.features, list):
            features = self.features

        else:
            features = self.features

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "model": model,
                "source": source,
                "target": target,
            }
        )
        if features is not UNSET:
            field_dict["features"] = features

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        model = d.pop("model")

        source = d.pop("source")

        target = d.pop("target")

        def _parse_features(data: object) -> list[int] | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                features_type_0 = cast("list[int]", data)

                return features_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast("list[int] | None | Unset", data)

        features = _parse_features(d.pop("features", UNSET))

        decoder_match_request = cls(
            model=model,
            source=source,
            target=target,
            features=features,
        )

        return decoder_match_request
