from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="LayerActivation")


@_attrs_define
class LayerActivation:
    """
    Attributes:
        layer (int):
        token_indices (list[int]):
        values (list[list[float]]): `[token, d_model]`.
    """

    layer: int
    token_indices: list[int]
    values: list[list[float]]

    def to_dict(self) -> dict[str, Any]:
        layer = self.layer

        token_indices = self.token_indices

        values = []
        for values_item_data in self.values:
            values_item = values_item_data

            values.append(values_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "layer": layer,
                "tokenIndices": token_indices,
                "values": values,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        layer = d.pop("layer")

        token_indices = cast("list[int]", d.pop("tokenIndices"))

        values = []
        _values = d.pop("values")
        for values_item_data in _values:
            values_item = cast("list[float]", values_item_data)

            values.append(values_item)

        layer_activation = cls(
            layer=layer,
            token_indices=token_indices,
            values=values,
        )

        return layer_activation
