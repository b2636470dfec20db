from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.chat_message import ChatMessage


T = TypeVar("T", bound="ChatInput")


@_attrs_define
class ChatInput:
    """The conversation that was given, and as the model read it.

    Attributes:
        chat_template (list[ChatMessage]):
        raw (str):
    """

    chat_template: list[ChatMessage]
    raw: str

    def to_dict(self) -> dict[str, Any]:
        chat_template = []
        for chat_template_item_data in self.chat_template:
            chat_template_item = chat_template_item_data.to_dict()
            chat_template.append(chat_template_item)

        raw = self.raw

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "chatTemplate": chat_template,
                "raw": raw,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.chat_message import ChatMessage

        d = dict(src_dict)
        chat_template = []
        _chat_template = d.pop("chatTemplate")
        for chat_template_item_data in _chat_template:
            chat_template_item = ChatMessage.from_dict(chat_template_item_data)

            chat_template.append(chat_template_item)

        raw = d.pop("raw")

        chat_input = cls(
            chat_template=chat_template,
            raw=raw,
        )

        return chat_input
