from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.activation import Activation


T = TypeVar("T", bound="ActivationSingleResponse")


@_attrs_define
class ActivationSingleResponse:
    """
    Attributes:
        activation (Activation): Activations of one feature, one value a token of the answer's `tokens`.
        tokens (list[str]):
        token_ids (list[int]):
        tokens_is_special (list[bool]): True where a position does not count: a special token or an attention sink; its
            value is 0.
        prepend_bos (bool):
        hook_name (str):
        dtype (str):
    """

    activation: Activation
    tokens: list[str]
    token_ids: list[int]
    tokens_is_special: list[bool]
    prepend_bos: bool
    hook_name: str
    dtype: str

    def to_dict(self) -> dict[str, Any]:
        activation = self.activation.to_dict()

        tokens = self.tokens

        token_ids = self.token_ids

        tokens_is_special = self.tokens_is_special

        prepend_bos = self.prepend_bos

        hook_name = self.hook_name

        dtype = self.dtype

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "activation": activation,
                "tokens": tokens,
                "tokenIds": token_ids,
                "tokensIsSpecial": tokens_is_special,
                "prependBos": prepend_bos,
                "hookName": hook_name,
                "dtype": dtype,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.activation import Activation

        d = dict(src_dict)
        activation = Activation.from_dict(d.pop("activation"))

        tokens = cast("list[str]", d.pop("tokens"))

        token_ids = cast("list[int]", d.pop("tokenIds"))

        tokens_is_special = cast("list[bool]", d.pop("tokensIsSpecial"))

        prepend_bos = d.pop("prependBos")

        hook_name = d.pop("hookName")

        dtype = d.pop("dtype")

        activation_single_response = cls(
            activation=activation,
            tokens=tokens,
            token_ids=token_ids,
            tokens_is_special=tokens_is_special,
            prepend_bos=prepend_bos,
            hook_name=hook_name,
            dtype=dtype,
        )

        return activation_single_response
