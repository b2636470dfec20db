"""Activations of features on a text. Positions always count every token that the answer lists."""

from __future__ import annotations

from inference_worker.wire.base import Wire


class ActivationSingleRequest(Wire):
    model: str
    source: str
    index: int | str
    """An integer, or its text, as published clients send it."""
    prompt: str | None = None
    tokens: list[int] | None = None
    """Exact token ids instead of a prompt; BOS must be in them if it is wanted."""
    prepend_bos: bool | None = None


class Activation(Wire):
    """Activations of one feature, one value a token of the answer's `tokens`."""

    values: list[float]
    max_value: float
    max_value_index: int
    min_value: float


class ActivationSingleResponse(Wire):
    activation: Activation
    tokens: list[str]
    token_ids: list[int]
    tokens_is_special: list[bool]
    """True where a position does not count: a special token or an attention sink; its value is 0."""
    prepend_bos: bool
    hook_name: str
    dtype: str
