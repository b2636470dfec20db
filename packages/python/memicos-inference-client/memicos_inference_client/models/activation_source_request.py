from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="ActivationSourceRequest")


@_attrs_define
class ActivationSourceRequest:
    """
    Attributes:
        model (str):
        source (str):
        prompts (list[str]):
        prepend_bos (bool | None | Unset):
    """

    model: str
    source: str
    prompts: list[str]
    prepend_bos: bool | Unset | None = UNSET

    def to_dict(self) -> dict[str, Any]:
        model = self.model

        source = self.source

        prompts = self.prompts

        prepend_bos: bool | Unset | None
        if isinstance(self.prepend_bos, Unset):
            prepend_bos = UNSET
        else:
            prepend_bos = self.prepend_bos

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "model": model,
                "source": source,
                "prompts": prompts,
            }
        )
        if prepend_bos is not UNSET:
            field_dict["prependBos"] = prepend_bos

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        model = d.pop("model")

        source = d.pop("source")

        prompts = cast("list[str]", d.pop("prompts"))

        def _parse_prepend_bos(data: object) -> bool | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast("bool | None | Unset", data)

        prepend_bos = _parse_prepend_bos(d.pop("prependBos", UNSET))

        activation_source_request = cls(
            model=model,
            source=source,
            prompts=prompts,
            prepend_bos=prepend_bos,
        )

        return activation_source_request
