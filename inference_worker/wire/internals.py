"""What the model itself holds on a text: its residual stream and its attention."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from inference_worker.wire.base import Wire

MAX_RAW_PROMPTS = 16

HookPoint = Literal["residual_stream"]
RawType = Literal["final_output_token"]


class ActivationRawRequest(Wire):
    """The residual stream after layers, at the last token of each prompt."""

    prompts: Annotated[list[str], Field(min_length=1, max_length=MAX_RAW_PROMPTS)]
    model: str | None = None
    layers: list[int] | None = None
    """None: all layers."""
    hook_point: HookPoint = "residual_stream"
    type: RawType = "final_output_token"
    prepend_bos: bool | None = None


class LayerActivation(Wire):
    layer: int
    token_indices: list[int]
    values: list[list[float]]
    """`[token, d_model]`."""


class RawResult(Wire):
    token_strings: list[str]
    token_ids: list[int]
    activations: list[LayerActivation]


class ActivationRawResponse(Wire):
    hook_point: HookPoint
    type: RawType
    dtype: str
    device: str
    results: list[RawResult]


class ActivationAttentionRequest(Wire):
    model: str
    prompt: str
    layer: int
    head: int
    prepend_bos: bool | None = None


class ActivationAttentionResponse(Wire):
    """A head's attention, sparse: `attention_indices` are `query * seq_len + key`, ascending."""

    seq_len: int
    attention_indices: list[int]
    attention_values: list[float]
    """The eight largest of each query that are 0.005 or more, with 4 decimals."""
    max_activation: float
    """The largest of all but the first query and the first key, where attention rests when it has nothing to do."""
    tokens: list[str]
