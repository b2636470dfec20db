from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="TokenizeRequest")


@_attrs_define
class TokenizeRequest:
    """
    Attributes:
        model (str):
        text (str):
        prepend_bos (bool | None | Unset): None: as the model wants it. The answer says what was done.
    """

    model: str
    text: str
    prepend_bos: bool | Unset | None = UNSET

    def to_dict(self) -> dict[str, Any]:
        model = self.model

        text = self.text

        prepend_bos: bool | Unset | None
        if isinstance(self.prepend_bos, Unset):
            prepend_bos = UNSET
        else:
            prepend_bos = self.prepend_bos

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "model": model,
                "text": text,
            }
        )
        if prepend_bos is not UNSET:
            field_dict["prependBos"] = prepend_bos

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        model = d.pop("model")

        text = d.pop("text")

        def _parse_prepend_bos(data: object) -> bool | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast("bool | None | Unset", data)

        prepend_bos = _parse_prepend_bos(d.pop("prependBos", UNSET))

        tokenize_request = cls(
            model=model,
            text=text,
            prepend_bos=prepend_bos,
        )

        return tokenize_request
