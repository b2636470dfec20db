"""Which features tell two sets of texts apart."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from inference_worker.wire.base import Wire
from inference_worker.wire.search import SourceOptions

MAX_SIDE = 8
"""Texts of one side."""
MAX_A_SIDE = 100
"""Features that an answer lists of one side at most."""

Side = Annotated[list[str], Field(min_length=1, max_length=MAX_SIDE)]
Measure = Literal["peak", "mean", "share"]
"""What a feature does on a whole text: its largest activation, its mean over the tokens that count, or the share of
those tokens that it fires on."""


class ContrastRequest(SourceOptions):
    first: Side
    second: Side
    measure: Measure = "peak"
    num_results: Annotated[int, Field(ge=0, le=MAX_A_SIDE)] = 25
    """Of each side."""


class ContrastText(Wire):
    """A text as the model read it."""

    tokens: list[str]
    token_ids: list[int]
    tokens_is_special: list[bool]
    """True where a position counts in none of the sources."""
    prepend_bos: bool


class OnText(Wire):
    """A feature on one text."""

    value: float
    """The request's `measure`."""
    active: list[tuple[int, float]]
    """Positions where it is active, with its activations."""


class ContrastFeature(Wire):
    """A feature that tells the sides apart."""

    source: str
    index: int
    separation: float
    """Difference of the sides' means, by the spread within them and the source's typical value; positive where the
    first side's is larger."""
    first_mean: float
    second_mean: float
    spread: float
    """Pooled standard deviation within the sides; 0 where each is a single text."""
    on_first: list[OnText]
    on_second: list[OnText]


class ContrastResponse(Wire):
    """Features of each side, those that tell it most from the other first."""

    first: list[ContrastFeature]
    second: list[ContrastFeature]
    first_texts: list[ContrastText]
    second_texts: list[ContrastText]
    sources: list[str]
    """The sources that were looked through."""
    typical: dict[str, float]
    """By source the mean of what is above 0, over all its features and all texts: the unit of its separations."""
    dtype: str
