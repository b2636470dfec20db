"""What goes to a model and what comes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of the conversation that is sent."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class TokenLogprob:
    """A token of an answer, its log-probability, and those of the likeliest in its place."""

    token: str
    logprob: float
    top: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model said."""

    text: str
    tokens_in: int | None
    """As the provider counted; None where it does not say."""
    tokens_out: int | None
    cost_usd: float | None
    """None where the price is unknown."""
    call_id: int
    """Number in the ledger."""
    logprobs: tuple[TokenLogprob, ...] | None = None
    cut: bool = False
    """Whether it ended because it had become as long as it may be."""
    model_said: str = ""
    """What the provider calls the model that answered."""
