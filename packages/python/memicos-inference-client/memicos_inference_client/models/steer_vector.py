from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="SteerVector")


@_attrs_define
class SteerVector:
    """A direction of one's own.

    Attributes:
        steering_vector (list[float]): As long as the hook point is wide.
        strength (float):
        hook (str): TransformerLens's name, for example `blocks.15.hook_resid_post`.
    """

    steering_vector: list[float]
    strength: float
    hook: str

    def to_dict(self) -> dict[str, Any]:
        steering_vector = self.steering_vector

        strength = self.strength

        hook = self.hook

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "steeringVector": steering_vector,
                "strength": strength,
                "hook": hook,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        steering_vector = cast("list[float]", d.pop("steeringVector"))

        strength = d.pop("strength")

        hook = d.pop("hook")

        steer_vector = cls(
            steering_vector=steering_vector,
            strength=strength,
            hook=hook,
        )

        return steer_vector
