from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.lens_readout_type import LensReadoutType, check_lens_readout_type

T = TypeVar("T", bound="LensReadout")


@_attrs_define
class LensReadout:
    """What each layer says at one position: `[layer][n]`, the likeliest first, with probabilities of all tokens.

    Attributes:
        type_ (LensReadoutType):
        top_tokens (list[list[str]]):
        top_probs (list[list[float]]):
    """

    type_: LensReadoutType
    top_tokens: list[list[str]]
    top_probs: list[list[float]]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        type_: str = self.type_

        top_tokens = []
        for top_tokens_item_data in self.top_tokens:
            top_tokens_item = top_tokens_item_data

            top_tokens.append(top_tokens_item)

        top_probs = []
        for top_probs_item_data in self.top_probs:
            top_probs_item = top_probs_item_data

            top_probs.append(top_probs_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "type": type_,
                "top_tokens": top_tokens,
                "top_probs": top_probs,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        type_ = check_lens_readout_type(d.pop("type"))

        top_tokens = []
        _top_tokens = d.pop("top_tokens")
        for top_tokens_item_data in _top_tokens:
            top_tokens_item = cast("list[str]", top_tokens_item_data)

            top_tokens.append(top_tokens_item)

        top_probs = []
        _top_probs = d.pop("top_probs")
        for top_probs_item_data in _top_probs:
            top_probs_item = cast("list[float]", top_probs_item_data)

            top_probs.append(top_probs_item)

        lens_readout = cls(
            type_=type_,
            top_tokens=top_tokens,
            top_probs=top_probs,
        )

        lens_readout.additional_properties = d
        return lens_readout

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
