"""Activations of one feature, or of a direction of the caller's, on texts. Values count every token of the answer."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from inference_worker.wire.base import Wire

MAX_PROMPTS = 4
"""Texts of one batch."""

Prompts = Annotated[list[str], Field(min_length=1, max_length=MAX_PROMPTS)]


class ActivationTarget(Wire):
    """What is measured: a feature (`source` and `index`), or a direction (`vector` and `hook`)."""

    model: str
    source: str | None = None
    index: int | str | None = None
    """An integer, or its text, as published clients send it."""
    vector: list[float] | None = None
    """A direction at `hook`; a position's value is the dot product of what is there with it."""
    hook: str | None = None
    """TransformerLens name of a hook point, for example `blocks.15.hook_resid_post`."""
    prepend_bos: bool | None = None


class ActivationSingleRequest(ActivationTarget):
    prompt: str | None = None
    tokens: list[int] | None = None
    """Exact token ids instead of a prompt; BOS must be in them if it is wanted."""


class ActivationSingleBatchRequest(ActivationTarget):
    prompts: Prompts


class Activation(Wire):
    """Activations of one feature, one value a token of the answer's `tokens`."""

    values: list[float]
    max_value: float
    max_value_index: int
    min_value: float
    dfa_values: list[float] | None = None
    """For SAEs of attention heads' outputs: what each token gave to the activation at `dfa_target_index`."""
    dfa_target_index: int | None = None
    dfa_max_value: float | None = None


class ActivationSingleResponse(Wire):
    activation: Activation
    tokens: list[str]
    token_ids: list[int]
    tokens_is_special: list[bool]
    """True where a position does not count: a special token or an attention sink; its value is 0."""
    prepend_bos: bool
    hook_name: str
    dtype: str


class ActivationSingleBatchResponse(Wire):
    """One result a prompt, in the order of the prompts."""

    results: list[ActivationSingleResponse]
