from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.template_span_section import TemplateSpanSection, check_template_span_section
from ..types import UNSET, Unset

T = TypeVar("T", bound="TemplateSpan")


@_attrs_define
class TemplateSpan:
    """One token of a rendered conversation.

    Attributes:
        position (int):
        token_id (int):
        token_str (str):
        section (TemplateSpanSection):
        message_index (int | None | Unset): None: what the template adds of its own, such as BOS, a default system text,
            the prompt to go on.
        role (None | str | Unset):
        channel (None | str | Unset):
    """

    position: int
    token_id: int
    token_str: str
    section: TemplateSpanSection
    message_index: int | Unset | None = UNSET
    role: str | Unset | None = UNSET
    channel: str | Unset | None = UNSET

    def to_dict(self) -> dict[str, Any]:
        position = self.position

        token_id = self.token_id

        token_str = self.token_str

        section: str = self.section

        message_index: int | Unset | None
        if isinstance(self.message_index, Unset):
            message_index = UNSET
        else:
            message_index = self.message_index

        role: str | Unset | None
        if isinstance(self.role, Unset):
            role = UNSET
        else:
            role = self.role

        channel: str | Unset | None
        if isinstance(self.channel, Unset):
            channel = UNSET
        else:
            channel = self.channel

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "position": position,
                "tokenId": token_id,
                "tokenStr": token_str,
                "section": section,
            }
        )
        if message_index is not UNSET:
            field_dict["messageIndex"] = message_index
        if role is not UNSET:
            field_dict["role"] = role
        if channel is not UNSET:
            field_dict["channel"] = channel

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        position = d.pop("position")

        token_id = d.pop("tokenId")

        token_str = d.pop("tokenStr")

        section = check_template_span_section(d.pop("section"))

        def _parse_message_index(data: object) -> int | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast("int | None | Unset", data)

        message_index = _parse_message_index(d.pop("messageIndex", UNSET))

        def _parse_role(data: object) -> str | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast("None | str | Unset", data)

        role = _parse_role(d.pop("role", UNSET))

        def _parse_channel(data: object) -> str | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast("None | str | Unset", data)

        channel = _parse_channel(d.pop("channel", UNSET))

        template_span = cls(
            position=position,
            token_id=token_id,
            token_str=token_str,
            section=section,
            message_index=message_index,
            role=role,
            channel=channel,
        )

        return template_span
