from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="ActivationAttentionResponse")


@_attrs_define
class ActivationAttentionResponse:
    """A head's attention, sparse: `attention_indices` are `query * seq_len + key`, ascending.

    Attributes:
        seq_len (int):
        attention_indices (list[int]):
        attention_values (list[float]): The eight largest of each query that are 0.005 or more, with 4 decimals.
        max_activation (float): The largest of all but the first query and the first key, where attention rests when it
            has nothing to do.
        tokens (list[str]):
    """

    seq_len: int
    attention_indices: list[int]
    attention_values: list[float]
    max_activation: float
    tokens: list[str]

    def to_dict(self) -> dict[str, Any]:
        seq_len = self.seq_len

        attention_indices = self.attention_indices

        attention_values = self.attention_values

        max_activation = self.max_activation

        tokens = self.tokens

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "seqLen": seq_len,
                "attentionIndices": attention_indices,
                "attentionValues": attention_values,
                "maxActivation": max_activation,
                "tokens": tokens,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        seq_len = d.pop("seqLen")

        attention_indices = cast("list[int]", d.pop("attentionIndices"))

        attention_values = cast("list[float]", d.pop("attentionValues"))

        max_activation = d.pop("maxActivation")

        tokens = cast("list[str]", d.pop("tokens"))

        activation_attention_response = cls(
            seq_len=seq_len,
            attention_indices=attention_indices,
            attention_values=attention_values,
            max_activation=max_activation,
            tokens=tokens,
        )

        return activation_attention_response
