from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="TopFeature")


@_attrs_define
class TopFeature:
    """
    Attributes:
        feature_index (int):
        activation_value (float):
    """

    feature_index: int
    activation_value: float

    def to_dict(self) -> dict[str, Any]:
        feature_index = self.feature_index

        activation_value = self.activation_value

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "featureIndex": feature_index,
                "activationValue": activation_value,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        feature_index = d.pop("featureIndex")

        activation_value = d.pop("activationValue")

        top_feature = cls(
            feature_index=feature_index,
            activation_value=activation_value,
        )

        return top_feature
