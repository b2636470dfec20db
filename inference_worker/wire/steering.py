"""Steered generation."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from inference_worker.wire.base import Wire

SteerType = Literal["DEFAULT", "STEERED"]

SteerMethod = Literal["SIMPLE_ADDITIVE"]


class SteerFeature(Wire):
    model: str
    source: str
    index: int
    strength: Annotated[float, Field(ge=-10_000, le=10_000)]


class SteerCompletionRequest(Wire):
    model: str
    prompt: str
    features: Annotated[list[SteerFeature], Field(max_length=32)]
    types: Annotated[list[SteerType], Field(min_length=1, max_length=2)] = ["DEFAULT", "STEERED"]
    n_completion_tokens: Annotated[int, Field(ge=1)] = 64
    temperature: Annotated[float, Field(ge=0, le=100)] = 0.5
    strength_multiplier: Annotated[float, Field(ge=-100, le=100)] = 1.0
    sweep: Annotated[list[Annotated[float, Field(ge=-100, le=100)]], Field(max_length=16)] = []
    """Several multipliers in place of the one: a STEERED output for each, in this order, generated together."""
    freq_penalty: Annotated[float, Field(ge=-2, le=2)] = 0.0
    """Subtracted from a token's logit once for each time it was generated (OpenAI's definition)."""
    seed: int = 16
    steer_method: SteerMethod = "SIMPLE_ADDITIVE"
    normalize_steering: bool = False
    n_logprobs: Annotated[int, Field(ge=0, le=10)] = 0
    prepend_bos: bool | None = None
    stream: bool = False


class TopLogprob(Wire):
    token: str
    logprob: float


class TokenLogprob(Wire):
    token: str
    logprob: float
    top_logprobs: list[TopLogprob] = []


class SteerOutput(Wire):
    """Generated text of one type, without the prompt."""

    type: SteerType
    strength_multiplier: float | None = None
    """What the strengths of this output were multiplied with; None where it is not steered."""
    output: str
    n_tokens: int = 0
    finish_reason: Literal["length", "stop"] | None = None
    """None while the text is still growing."""
    logprobs: list[TokenLogprob] | None = None


class SteerCompletionResponse(Wire):
    """The whole answer; a stream sends the same object, with the text so far, in every frame.

    A stream's frames are `data: {…}`; it always ends with `event: done` (the complete answer again)
    or `event: error` (a `Problem`).
    """

    outputs: list[SteerOutput]
    prepend_bos: bool = True
    """Whether BOS was added to the prompt."""
    tokens_per_second: float | None = None
    """Tokens of all outputs together, by the time since the prompt was read."""
