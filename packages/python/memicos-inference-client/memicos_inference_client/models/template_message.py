from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="TemplateMessage")


@_attrs_define
class TemplateMessage:
    """
    Attributes:
        role (str):
        content (str):
        channel (None | str | Unset):
    """

    role: str
    content: str
    channel: str | Unset | None = UNSET

    def to_dict(self) -> dict[str, Any]:
        role = self.role

        content = self.content

        channel: str | Unset | None
        if isinstance(self.channel, Unset):
            channel = UNSET
        else:
            channel = self.channel

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "role": role,
                "content": content,
            }
        )
        if channel is not UNSET:
            field_dict["channel"] = channel

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        role = d.pop("role")

        content = d.pop("content")

        def _parse_channel(data: object) -> str | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast("None | str | Unset", data)

        channel = _parse_channel(d.pop("channel", UNSET))

        template_message = cls(
            role=role,
            content=content,
            channel=channel,
        )

        return template_message
