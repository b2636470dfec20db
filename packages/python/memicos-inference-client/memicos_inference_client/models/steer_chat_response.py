from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.chat_input import ChatInput
    from ..models.steer_chat_output import SteerChatOutput


T = TypeVar("T", bound="SteerChatResponse")


@_attrs_define
class SteerChatResponse:
    """As `SteerCompletionResponse`, for a conversation.

    Attributes:
        outputs (list[SteerChatOutput]):
        input_ (ChatInput): The conversation that was given, and as the model read it.
        prepend_bos (bool | Unset):  Default: False.
        tokens_per_second (float | None | Unset):
    """

    outputs: list[SteerChatOutput]
    input_: ChatInput
    prepend_bos: bool | Unset = False
    tokens_per_second: float | Unset | None = UNSET

    def to_dict(self) -> dict[str, Any]:
        outputs = []
        for outputs_item_data in self.outputs:
            outputs_item = outputs_item_data.to_dict()
            outputs.append(outputs_item)

        input_ = self.input_.to_dict()

        prepend_bos = self.prepend_bos

        tokens_per_second: float | Unset | None
        if isinstance(self.tokens_per_second, Unset):
            tokens_per_second = UNSET
        else:
            tokens_per_second = self.tokens_per_second

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "outputs": outputs,
                "input": input_,
            }
        )
        if prepend_bos is not UNSET:
            field_dict["prependBos"] = prepend_bos
        if tokens_per_second is not UNSET:
            field_dict["tokensPerSecond"] = tokens_per_second

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.chat_input import ChatInput
        from ..models.steer_chat_output import SteerChatOutput

        d = dict(src_dict)
        outputs = []
        _outputs = d.pop("outputs")
        for outputs_item_data in _outputs:
            outputs_item = SteerChatOutput.from_dict(outputs_item_data)

            outputs.append(outputs_item)

        input_ = ChatInput.from_dict(d.pop("input"))

        prepend_bos = d.pop("prependBos", UNSET)

        def _parse_tokens_per_second(data: object) -> float | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast("float | None | Unset", data)

        tokens_per_second = _parse_tokens_per_second(d.pop("tokensPerSecond", UNSET))

        steer_chat_response = cls(
            outputs=outputs,
            input_=input_,
            prepend_bos=prepend_bos,
            tokens_per_second=tokens_per_second,
        )

        return steer_chat_response
