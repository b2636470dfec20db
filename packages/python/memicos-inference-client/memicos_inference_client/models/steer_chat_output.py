from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.steer_chat_output_finish_reason_type_0 import (
    SteerChatOutputFinishReasonType0,
    check_steer_chat_output_finish_reason_type_0,
)
from ..models.steer_chat_output_type import SteerChatOutputType, check_steer_chat_output_type
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.chat_message import ChatMessage
    from ..models.token_logprob import TokenLogprob


T = TypeVar("T", bound="SteerChatOutput")


@_attrs_define
class SteerChatOutput:
    """
    Attributes:
        type_ (SteerChatOutputType):
        output (str):
        chat_template (list[ChatMessage]): The conversation with the assistant's turn.
        raw (str): What the model read, and what it wrote after it.
        strength_multiplier (float | None | Unset): What the strengths of this output were multiplied with; None where
            it is not steered.
        n_tokens (int | Unset):  Default: 0.
        finish_reason (None | SteerChatOutputFinishReasonType0 | Unset): None while the text is still growing.
        logprobs (list[TokenLogprob] | None | Unset):
    """

    type_: SteerChatOutputType
    output: str
    chat_template: list[ChatMessage]
    raw: str
    strength_multiplier: float | Unset | None = UNSET
    n_tokens: int | Unset = 0
    finish_reason: SteerChatOutputFinishReasonType0 | Unset | None = UNSET
    logprobs: list[TokenLogprob] | Unset | None = UNSET

    def to_dict(self) -> dict[str, Any]:
        type_: str = self.type_

        output = self.output

        chat_template = []
        for chat_template_item_data in self.chat_template:
            chat_template_item = chat_template_item_data.to_dict()
            chat_template.append(chat_template_item)

        raw = self.raw

        strength_multiplier: float | Unset | None
        if isinstance(self.strength_multiplier, Unset):
            strength_multiplier = UNSET
        else:
            strength_multiplier = self.strength_multiplier

        n_tokens = self.n_tokens

        finish_reason: str | Unset | None
        if isinstance(self.finish_reason, Unset):
            finish_reason = UNSET
        elif isinstance(self.finish_reason, str):
            finish_reason = self.finish_reason
        else:
            finish_reason = self.finish_reason

        logprobs: list[dict[str, Any]] | Unset | None
        if isinstance(self.logprobs, Unset):
            logprobs = UNSET
        elif isinstance(self.logprobs, list):
            logprobs = []
            for logprobs_type_0_item_data in self.logprobs:
                logprobs_type_0_item = logprobs_type_0_item_data.to_dict()
                logprobs.append(logprobs_type_0_item)

        else:
            logprobs = self.logprobs

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "type": type_,
                "output": output,
                "chatTemplate": chat_template,
                "raw": raw,
            }
        )
        if strength_multiplier is not UNSET:
            field_dict["strengthMultiplier"] = strength_multiplier
        if n_tokens is not UNSET:
            field_dict["nTokens"] = n_tokens
        if finish_reason is not UNSET:
            field_dict["finishReason"] = finish_reason
        if logprobs is not UNSET:
            field_dict["logprobs"] = logprobs

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.chat_message import ChatMessage
        from ..models.token_logprob import TokenLogprob

        d = dict(src_dict)
        type_ = check_steer_chat_output_type(d.pop("type"))

        output = d.pop("output")

        chat_template = []
        _chat_template = d.pop("chatTemplate")
        for chat_template_item_data in _chat_template:
            chat_template_item = ChatMessage.from_dict(chat_template_item_data)

            chat_template.append(chat_template_item)

        raw = d.pop("raw")

        def _parse_strength_multiplier(data: object) -> float | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast("float | None | Unset", data)

        strength_multiplier = _parse_strength_multiplier(d.pop("strengthMultiplier", UNSET))

        n_tokens = d.pop("nTokens", UNSET)

        def _parse_finish_reason(data: object) -> SteerChatOutputFinishReasonType0 | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                finish_reason_type_0 = check_steer_chat_output_finish_reason_type_0(data)

                return finish_reason_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast("None | SteerChatOutputFinishReasonType0 | Unset", data)

        finish_reason = _parse_finish_reason(d.pop("finishReason", UNSET))

        def _parse_logprobs(data: object) -> list[TokenLogprob] | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                logprobs_type_0 = []
                _logprobs_type_0 = data
                for logprobs_type_0_item_data in _logprobs_type_0:
                    logprobs_type_0_item = TokenLogprob.from_dict(logprobs_type_0_item_data)

                    logprobs_type_0.append(logprobs_type_0_item)

                return logprobs_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast("list[TokenLogprob] | None | Unset", data)

        logprobs = _parse_logprobs(d.pop("logprobs", UNSET))

        steer_chat_output = cls(
            type_=type_,
            output=output,
            chat_template=chat_template,
            raw=raw,
            strength_multiplier=strength_multiplier,
            n_tokens=n_tokens,
            finish_reason=finish_reason,
            logprobs=logprobs,
        )

        return steer_chat_output
