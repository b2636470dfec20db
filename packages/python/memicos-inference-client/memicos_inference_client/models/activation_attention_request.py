from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="ActivationAttentionRequest")


@_attrs_define
class ActivationAttentionRequest:
    """
    Attributes:
        model (str):
        prompt (str):
        layer (int):
        head (int):
        prepend_bos (bool | None | Unset):
    """

    model: str
    prompt: str
    layer: int
    head: int
    prepend_bos: bool | Unset | None = UNSET

    def to_dict(self) -> dict[str, Any]:
        model = self.model

        prompt = self.prompt

        layer = self.layer

        head = self.head

        prepend_bos: bool | Unset | None
        if isinstance(self.prepend_bos, Unset):
            prepend_bos = UNSET
        else:
            prepend_bos = self.prepend_bos

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "model": model,
                "prompt": prompt,
                "layer": layer,
                "head": head,
            }
        )
        if prepend_bos is not UNSET:
            field_dict["prependBos"] = prepend_bos

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        model = d.pop("model")

        prompt = d.pop("prompt")

        layer = d.pop("layer")

        head = d.pop("head")

        def _parse_prepend_bos(data: object) -> bool | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast("bool | None | Unset", data)

        prepend_bos = _parse_prepend_bos(d.pop("prependBos", UNSET))

        activation_attention_request = cls(
            model=model,
            prompt=prompt,
            layer=layer,
            head=head,
            prepend_bos=prepend_bos,
        )

        return activation_attention_request
