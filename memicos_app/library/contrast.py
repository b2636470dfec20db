"""Contrastive search: the features that tell two sets of texts apart, over the sources of a set.

The worker reads, measures and ranks (`inference_worker/engine/contrast.py` has the formula); dense features are left
out before the ranking is cut, and what is known of those found comes from the database.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

from inference_worker.wire import contrast as wire
from inference_worker.wire.contrast import MAX_A_SIDE, MAX_SIDE, ContrastRequest, Measure
from memicos_app.library import rates
from memicos_app.library.errors import BadInputError
from memicos_app.library.feature_facts import UNKNOWN, FeatureFacts, facts, too_dense
from memicos_app.library.inference import inference, require_text
from memicos_app.library.inference_search import served_sets

__all__ = ["MAX_A_SIDE", "MAX_SIDE", "MEASURES", "Contrast", "ContrastFeature", "ContrastText", "Measure", "contrast"]

MEASURES: tuple[Measure, ...] = get_args(Measure)
_FIELDS = {
    "model": "model_id",
    "source_set": "set_name",
    "selected_sources": "source_ids",
    "num_results": "limit",
}


@dataclass(frozen=True, slots=True)
class ContrastText:
    """A text as the model read it."""

    tokens: list[str]
    tokens_is_special: list[bool]
    """True where a position counts in none of the sources."""
    prepend_bos: bool


@dataclass(frozen=True, slots=True)
class OnText:
    """A feature on one text."""

    value: float
    """Its measure."""
    active: list[tuple[int, float]]
    """Positions where it is active, with its activations."""

    def values(self, n_tokens: int) -> list[float]:
        """One activation a token."""
        values = [0.0] * n_tokens
        for place, activation in self.active:
            values[place] = activation
        return values


@dataclass(frozen=True, slots=True)
class ContrastFeature:
    """A feature that tells the sides apart."""

    source_id: str
    index: int
    separation: float
    """Above 0 where the first side has more of it."""
    first_mean: float
    second_mean: float
    spread: float
    on_first: list[OnText]
    on_second: list[OnText]
    facts: FeatureFacts


@dataclass(frozen=True, slots=True)
class Contrast:
    """The features of each side that tell it from the other, the farthest first."""

    model_id: str
    measure: Measure
    source_ids: list[str]
    """Those that were searched."""
    typical: dict[str, float]
    """By source the typical value, which separations have for a unit."""
    first: list[ContrastFeature]
    second: list[ContrastFeature]
    first_texts: list[ContrastText]
    second_texts: list[ContrastText]


async def contrast(
    model_id: str,
    set_name: str,
    first: Sequence[str],
    second: Sequence[str],
    *,
    source_ids: Sequence[str] = (),
    measure: str = "peak",
    density: float = 0.0,
    limit: int = 25,
) -> Contrast:
    """The features that tell two sets of texts apart.

    Args:
        first, second: one to eight texts each.
        source_ids: sources of the set; none: all of them.
        measure: `peak`, `mean` or `share`: what a feature does on a whole text.
        density: leave out features that fire on a larger share of tokens; 0: leave none out.
        limit: how many of each side at most, 1 to 100.

    Raises:
        BadInputError, NotFoundError: what was asked for cannot be right; `field` names it, a text as `first.1`.
        UnavailableError: the worker is down, loading or busy.
    """
    if not 1 <= limit <= MAX_A_SIDE:
        raise BadInputError(f"limit: from 1 to {MAX_A_SIDE} are allowed, not {limit}.", field="limit")
    await rates.take("search-contrast")
    chosen = list(source_ids) or (await served_sets(model_id)).get(set_name, [])
    request = ContrastRequest(
        model=model_id,
        source_set=set_name,
        selected_sources=chosen,
        first=_side("first", first),
        second=_side("second", second),
        measure=_measure(measure),
        num_results=limit,
        exclude=await too_dense(model_id, chosen, density),
    )
    with inference(_FIELDS) as client:
        answer = await client.contrast(request)
    known = await facts(model_id, [(one.source, one.index) for one in answer.first + answer.second])
    return Contrast(
        model_id=model_id,
        measure=request.measure,
        source_ids=answer.sources,
        typical=answer.typical,
        first=[_feature(one, known) for one in answer.first],
        second=[_feature(one, known) for one in answer.second],
        first_texts=[_text(one) for one in answer.first_texts],
        second_texts=[_text(one) for one in answer.second_texts],
    )


def _side(name: str, texts: Sequence[str]) -> list[str]:
    if not 1 <= len(texts) <= MAX_SIDE:
        raise BadInputError(f"A side has from 1 to {MAX_SIDE} texts, not {len(texts)}.", field=name)
    return [require_text(text, field=f"{name}.{number}") for number, text in enumerate(texts)]


def _measure(name: str) -> Measure:
    for one in MEASURES:
        if one == name:
            return one
    raise BadInputError(f"measure is one of {', '.join(MEASURES)}, not {name!r}.", field="measure")


def _feature(one: wire.ContrastFeature, known: dict[tuple[str, int], FeatureFacts]) -> ContrastFeature:
    return ContrastFeature(
        source_id=one.source,
        index=one.index,
        separation=one.separation,
        first_mean=one.first_mean,
        second_mean=one.second_mean,
        spread=one.spread,
        on_first=[OnText(on.value, on.active) for on in one.on_first],
        on_second=[OnText(on.value, on.active) for on in one.on_second],
        facts=known.get((one.source, one.index), UNKNOWN),
    )


def _text(one: wire.ContrastText) -> ContrastText:
    return ContrastText(one.tokens, one.tokens_is_special, one.prepend_bos)
