from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="ContrastText")


@_attrs_define
class ContrastText:
    """A text as the model read it.

    Attributes:
        tokens (list[str]):
        token_ids (list[int]):
        tokens_is_special (list[bool]): True where a position counts in none of the sources.
        prepend_bos (bool):
    """

    tokens: list[str]
    token_ids: list[int]
    tokens_is_special: list[bool]
    prepend_bos: bool

    def to_dict(self) -> dict[str, Any]:
        tokens = self.tokens

        token_ids = self.token_ids

        tokens_is_special = self.tokens_is_special

        prepend_bos = self.prepend_bos

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "tokens": tokens,
                "tokenIds": token_ids,
                "tokensIsSpecial": tokens_is_special,
                "prependBos": prepend_bos,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        tokens = cast("list[str]", d.pop("tokens"))

        token_ids = cast("list[int]", d.pop("tokenIds"))

        tokens_is_special = cast("list[bool]", d.pop("tokensIsSpecial"))

        prepend_bos = d.pop("prependBos")

        contrast_text = cls(
            tokens=tokens,
            token_ids=token_ids,
            tokens_is_special=tokens_is_special,
            prepend_bos=prepend_bos,
        )

        return contrast_text
