from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="TokenizeResponse")


@_attrs_define
class TokenizeResponse:
    """
    Attributes:
        tokens (list[int]):
        token_strings (list[str]):
        prepend_bos (bool):
    """

    tokens: list[int]
    token_strings: list[str]
    prepend_bos: bool

    def to_dict(self) -> dict[str, Any]:
        tokens = self.tokens

        token_strings = self.token_strings

        prepend_bos = self.prepend_bos

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "tokens": tokens,
                "tokenStrings": token_strings,
                "prependBos": prepend_bos,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        tokens = cast("list[int]", d.pop("tokens"))

        token_strings = cast("list[str]", d.pop("tokenStrings"))

        prepend_bos = d.pop("prependBos")

        tokenize_response = cls(
            tokens=tokens,
            token_strings=token_strings,
            prepend_bos=prepend_bos,
        )

        return tokenize_response
