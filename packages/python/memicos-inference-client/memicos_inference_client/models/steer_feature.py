from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="SteerFeature")


@_attrs_define
class SteerFeature:
    """
    Attributes:
        model (str):
        source (str):
        index (int):
        strength (float):
    """

    model: str
    source: str
    index: int
    strength: float

    def to_dict(self) -> dict[str, Any]:
        model = self.model

        source = self.source

        index = self.index

        strength = self.strength

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "model": model,
                "source": source,
                "index": index,
                "strength": strength,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        model = d.pop("model")

        source = d.pop("source")

        index = d.pop("index")

        strength = d.pop("strength")

        steer_feature = cls(
            model=model,
            source=source,
            index=index,
            strength=strength,
        )

        return steer_feature
