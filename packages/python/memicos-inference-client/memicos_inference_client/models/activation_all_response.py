from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.found_feature import FoundFeature


T = TypeVar("T", bound="ActivationAllResponse")


@_attrs_define
class ActivationAllResponse:
    """The strongest features first; those that are active nowhere are not listed.

    Attributes:
        activations (list[FoundFeature]):
        tokens (list[str]):
        token_ids (list[int]):
        tokens_is_special (list[bool]): True where a position counts in none of the searched sources.
        prepend_bos (bool):
        sources (list[str]): The sources that were searched.
        dtype (str):
    """

    activations: list[FoundFeature]
    tokens: list[str]
    token_ids: list[int]
    tokens_is_special: list[bool]
    prepend_bos: bool
    sources: list[str]
    dtype: str

    def to_dict(self) -> dict[str, Any]:
        activations = []
        for activations_item_data in self.activations:
            activations_item = activations_item_data.to_dict()
            activations.append(activations_item)

        tokens = self.tokens

        token_ids = self.token_ids

        tokens_is_special = self.tokens_is_special

        prepend_bos = self.prepend_bos

        sources = self.sources

        dtype = self.dtype

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "activations": activations,
                "tokens": tokens,
                "tokenIds": token_ids,
                "tokensIsSpecial": tokens_is_special,
                "prependBos": prepend_bos,
                "sources": sources,
                "dtype": dtype,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.found_feature import FoundFeature

        d = dict(src_dict)
        activations = []
        _activations = d.pop("activations")
        for activations_item_data in _activations:
            activations_item = FoundFeature.from_dict(activations_item_data)

            activations.append(activations_item)

        tokens = cast("list[str]", d.pop("tokens"))

        token_ids = cast("list[int]", d.pop("tokenIds"))

        tokens_is_special = cast("list[bool]", d.pop("tokensIsSpecial"))

        prepend_bos = d.pop("prependBos")

        sources = cast("list[str]", d.pop("sources"))

        dtype = d.pop("dtype")

        activation_all_response = cls(
            activations=activations,
            tokens=tokens,
            token_ids=token_ids,
            tokens_is_special=tokens_is_special,
            prepend_bos=prepend_bos,
            sources=sources,
            dtype=dtype,
        )

        return activation_all_response
