from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.lens_prompt_token import LensPromptToken


T = TypeVar("T", bound="LensPrompt")


@_attrs_define
class LensPrompt:
    """Second: the text's tokens.

    Attributes:
        tokens (list[LensPromptToken]):
        kind (Literal['prompt'] | Unset):  Default: 'prompt'.
    """

    tokens: list[LensPromptToken]
    kind: Literal["prompt"] | Unset = "prompt"
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        tokens = []
        for tokens_item_data in self.tokens:
            tokens_item = tokens_item_data.to_dict()
            tokens.append(tokens_item)

        kind = self.kind

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "tokens": tokens,
            }
        )
        if kind is not UNSET:
            field_dict["kind"] = kind

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.lens_prompt_token import LensPromptToken

        d = dict(src_dict)
        tokens = []
        _tokens = d.pop("tokens")
        for tokens_item_data in _tokens:
            tokens_item = LensPromptToken.from_dict(tokens_item_data)

            tokens.append(tokens_item)

        kind = cast("Literal['prompt'] | Unset", d.pop("kind", UNSET))
        if kind != "prompt" and not isinstance(kind, Unset):
            raise ValueError(f"kind must match const 'prompt', got '{kind}'")

        lens_prompt = cls(
            tokens=tokens,
            kind=kind,
        )

        lens_prompt.additional_properties = d
        return lens_prompt

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
