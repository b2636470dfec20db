from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="DecoderMatchResponse")


@_attrs_define
class DecoderMatchResponse:
    """Best matches by place: `indices[i]` is the feature of `target` for the i-th feature of `source`.

    Attributes:
        source (str):
        target (str):
        indices (list[int]):
        cosines (list[float]):
        target_indices (list[int]): For each feature of `target`, the compared feature of `source` that is most alike.
        target_cosines (list[float]):
        features (list[int] | None | Unset): The features of `source` that were compared; null: all, in order.
    """

    source: str
    target: str
    indices: list[int]
    cosines: list[float]
    target_indices: list[int]
    target_cosines: list[float]
    features: list[int] | Unset | None = UNSET

    def to_dict(self) -> dict[str, Any]:
        source = self.source

        target = self.target

        indices = self.indices

        cosines = self.cosines

        target_indices = self.target_indices

        target_cosines = self.target_cosines

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
                "source": source,
                "target": target,
                "indices": indices,
                "cosines": cosines,
                "targetIndices": target_indices,
                "targetCosines": target_cosines,
            }
        )
        if features is not UNSET:
            field_dict["features"] = features

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        source = d.pop("source")

        target = d.pop("target")

        indices = cast("list[int]", d.pop("indices"))

        cosines = cast("list[float]", d.pop("cosines"))

        target_indices = cast("list[int]", d.pop("targetIndices"))

        target_cosines = cast("list[float]", d.pop("targetCosines"))

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

        decoder_match_response = cls(
            source=source,
            target=target,
            indices=indices,
            cosines=cosines,
            target_indices=target_indices,
            target_cosines=target_cosines,
            features=features,
        )

        return decoder_match_response
