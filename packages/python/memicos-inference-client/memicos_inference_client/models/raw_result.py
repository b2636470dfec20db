from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.layer_activation import LayerActivation


T = TypeVar("T", bound="RawResult")


@_attrs_define
class RawResult:
    """
    Attributes:
        token_strings (list[str]):
        token_ids (list[int]):
        activations (list[LayerActivation]):
    """

    token_strings: list[str]
    token_ids: list[int]
    activations: list[LayerActivation]

    def to_dict(self) -> dict[str, Any]:
        token_strings = self.token_strings

        token_ids = self.token_ids

        activations = []
        for activations_item_data in self.activations:
            activations_item = activations_item_data.to_dict()
            activations.append(activations_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "tokenStrings": token_strings,
                "tokenIds": token_ids,
                "activations": activations,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.layer_activation import LayerActivation

        d = dict(src_dict)
        token_strings = cast("list[str]", d.pop("tokenStrings"))

        token_ids = cast("list[int]", d.pop("tokenIds"))

        activations = []
        _activations = d.pop("activations")
        for activations_item_data in _activations:
            activations_item = LayerActivation.from_dict(activations_item_data)

            activations.append(activations_item)

        raw_result = cls(
            token_strings=token_strings,
            token_ids=token_ids,
            activations=activations,
        )

        return raw_result
