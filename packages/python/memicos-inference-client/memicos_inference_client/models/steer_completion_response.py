from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.steer_output import SteerOutput


T = TypeVar("T", bound="SteerCompletionResponse")


@_attrs_define
class SteerCompletionResponse:
    """The whole answer; a cumulative stream sends the same object, with the text so far, in every frame.

    A stream always ends with `event: done` (the complete answer) or `event: error` (a `Problem`).

        Attributes:
            outputs (list[SteerOutput]):
            prepend_bos (bool | Unset): Whether BOS was added to the prompt. Default: True.
            tokens_per_second (float | None | Unset): Tokens of all outputs together, by the time since the prompt was read.
    """

    outputs: list[SteerOutput]
    prepend_bos: bool | Unset = True
    tokens_per_second: float | Unset | None = UNSET

    def to_dict(self) -> dict[str, Any]:
        outputs = []
        for outputs_item_data in self.outputs:
            outputs_item = outputs_item_data.to_dict()
            outputs.append(outputs_item)

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
            }
        )
        if prepend_bos is not UNSET:
            field_dict["prependBos"] = prepend_bos
        if tokens_per_second is not UNSET:
            field_dict["tokensPerSecond"] = tokens_per_second

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.steer_output import SteerOutput

        d = dict(src_dict)
        outputs = []
        _outputs = d.pop("outputs")
        for outputs_item_data in _outputs:
            outputs_item = SteerOutput.from_dict(outputs_item_data)

            outputs.append(outputs_item)

        prepend_bos = d.pop("prependBos", UNSET)

        def _parse_tokens_per_second(data: object) -> float | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast("float | None | Unset", data)

        tokens_per_second = _parse_tokens_per_second(d.pop("tokensPerSecond", UNSET))

        steer_completion_response = cls(
            outputs=outputs,
            prepend_bos=prepend_bos,
            tokens_per_second=tokens_per_second,
        )

        return steer_completion_response
