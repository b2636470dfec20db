from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.apply_chat_template_request_chattemplatekwargs import ApplyChatTemplateRequestChattemplatekwargs
    from ..models.template_message import TemplateMessage


T = TypeVar("T", bound="ApplyChatTemplateRequest")


@_attrs_define
class ApplyChatTemplateRequest:
    """
    Attributes:
        messages (list[TemplateMessage]):
        add_generation_prompt (bool | Unset): Whether the text ends with what makes the model answer. Default: True.
        chat_template_kwargs (ApplyChatTemplateRequestChattemplatekwargs | Unset): What the template itself understands,
            for example `enable_thinking`.
        model (None | str | Unset):
    """

    messages: list[TemplateMessage]
    add_generation_prompt: bool | Unset = True
    chat_template_kwargs: ApplyChatTemplateRequestChattemplatekwargs | Unset = UNSET
    model: str | Unset | None = UNSET

    def to_dict(self) -> dict[str, Any]:
        messages = []
        for messages_item_data in self.messages:
            messages_item = messages_item_data.to_dict()
            messages.append(messages_item)

        add_generation_prompt = self.add_generation_prompt

        chat_template_kwargs: dict[str, Any] | Unset = UNSET
        if not isinstance(self.chat_template_kwargs, Unset):
            chat_template_kwargs = self.chat_template_kwargs.to_dict()

        model: str | Unset | None
        if isinstance(self.model, Unset):
            model = UNSET
        else:
            model = self.model

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "messages": messages,
            }
        )
        if add_generation_prompt is not UNSET:
            field_dict["addGenerationPrompt"] = add_generation_prompt
        if chat_template_kwargs is not UNSET:
            field_dict["chatTemplateKwargs"] = chat_template_kwargs
        if model is not UNSET:
            field_dict["model"] = model

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.apply_chat_template_request_chattemplatekwargs import ApplyChatTemplateRequestChattemplatekwargs
        from ..models.template_message import TemplateMessage

        d = dict(src_dict)
        messages = []
        _messages = d.pop("messages")
        for messages_item_data in _messages:
            messages_item = TemplateMessage.from_dict(messages_item_data)

            messages.append(messages_item)

        add_generation_prompt = d.pop("addGenerationPrompt", UNSET)

        _chat_template_kwargs = d.pop("chatTemplateKwargs", UNSET)
        chat_template_kwargs: ApplyChatTemplateRequestChattemplatekwargs | Unset
        if isinstance(_chat_template_kwargs, Unset):
            chat_template_kwargs = UNSET
        else:
            chat_template_kwargs = ApplyChatTemplateRequestChattemplatekwargs.from_dict(_chat_template_kwargs)

        def _parse_model(data: object) -> str | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast("None | str | Unset", data)

        model = _parse_model(d.pop("model", UNSET))

        apply_chat_template_request = cls(
            messages=messages,
            add_generation_prompt=add_generation_prompt,
            chat_template_kwargs=chat_template_kwargs,
            model=model,
        )

        return apply_chat_template_request
