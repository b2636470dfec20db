from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="SteerFeature")


@_attrs_define
class SteerFeature:
    """A feature of an SAE; its direction is the row of the decoder.

    Attributes:
        model (str):
        source (str):
        index (int):
        strength (float):
        steering_vector (list[float] | None | Unset): Ignored: the SAE knows its direction. Published clients send it.
    """

    model: str
    source: str
    index: int
    strength: float
    steering_vector: list[float] | Unset | None = UNSET

    def to_dict(self) -> dict[str, Any]:
        model = self.model

        source = self.source

        index = self.index

        strength = self.strength

        steering_vector: list[float] | Unset | None
        if isinstance(self.steering_vector, Unset):
            steering_vector = UNSET
        elif isinstance(self.steering_vector, list):
            steering_vector = self.steering_vector

        else:
            steering_vector = self.steering_vector

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "model": model,
                "source": source,
                "index": index,
                "strength": strength,
            }
        )
        if steering_vector is not UNSET:
            field_dict["steeringVector"] = steering_vector

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        model = d.pop("model")

        source = d.pop("source")

        index = d.pop("index")

        strength = d.pop("strength")

        def _parse_steering_vector(data: object) -> list[float] | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                steering_vector_type_0 = cast("list[float]", data)

                return steering_vector_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast("list[float] | None | Unset", data)

        steering_vector = _parse_steering_vector(d.pop("steeringVector", UNSET))

        steer_feature = cls(
            model=model,
            source=source,
            index=index,
            strength=strength,
            steering_vector=steering_vector,
        )

        return steer_feature
