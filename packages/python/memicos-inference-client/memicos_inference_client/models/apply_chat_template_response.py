from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.template_span import TemplateSpan


T = TypeVar("T", bound="ApplyChatTemplateResponse")


@_attrs_define
class ApplyChatTemplateResponse:
    """
    Attributes:
        prompt (str):
        tokens (list[int]):
        spans (list[TemplateSpan]):
    """

    prompt: str
    tokens: list[int]
    spans: list[TemplateSpan]

    def to_dict(self) -> dict[str, Any]:
        prompt = self.prompt

        tokens = self.tokens

        spans = []
        for spans_item_data in self.spans:
            spans_item = spans_item_data.to_dict()
            spans.append(spans_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "prompt": prompt,
                "tokens": tokens,
                "spans": spans,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.template_span import TemplateSpan

        d = dict(src_dict)
        prompt = d.pop("prompt")

        tokens = cast("list[int]", d.pop("tokens"))

        spans = []
        _spans = d.pop("spans")
        for spans_item_data in _spans:
            spans_item = TemplateSpan.from_dict(spans_item_data)

            spans.append(spans_item)

        apply_chat_template_response = cls(
            prompt=prompt,
            tokens=tokens,
            spans=spans,
        )

        return apply_chat_template_response
