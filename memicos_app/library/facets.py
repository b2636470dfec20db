"""A source's features narrowed down: which ones a filter keeps, in which order, and how many each facet would leave.

Everything is counted over all features of the source, by masks over its columns; nothing is sampled or estimated.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from memicos_app.library.explanations import CURRENT
from memicos_app.library.feature_columns import MOST_QUERIES, Bools, Columns, Floats32, Places, Tags, columns, places
from memicos_app.library.feature_filters import FeatureFilter, Span
from memicos_app.library.query import rows
from memicos_app.library.views import FeatureSort
from memicos_app.library.words import matches

BARS = 48
IN_A_THREAD = 50_000
"""Features from which on counting leaves the event loop to others."""
STRIDE = 32_768
"""Places of an order that are looked up at once, until a page is full."""
PARTS = ("query", "density", "max_activation", "score", "types", "explainers", "explained", "live")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Bars:
    """A histogram with fixed edges: all features of the source, and those that all other filters keep."""

    edges: list[float]
    """One more than there are bars."""
    every: list[int]
    kept: list[int]


NO_BARS = Bars([], [], [])


@dataclass(frozen=True, slots=True)
class Facets:
    """What a filter leaves, and what each facet would leave with all the other filters."""

    total: int
    kept: int
    density: Bars
    max_activation: Bars
    score_types: list[str]
    score: Bars
    """Of the kind that is asked for, else the first."""
    explained: tuple[int, int]
    """With an explanation, and without."""
    live: tuple[int, int]
    """That fired, and that never did."""
    types: list[tuple[str, int]]
    explainers: list[tuple[str, int]]


async def facets(model_id: str, source_id: str, wanted: FeatureFilter) -> Facets | None:
    """Counts of a source's features under a filter; None where the source has no features.

    Raises:
        BadInputError: a filter that cannot be meant.
    """
    found = await _with_hits(model_id, source_id, wanted)
    if found is None:
        return None
    return await _beside(found, lambda: _facets(found, wanted))


async def filtered(
    model_id: str, source_id: str, wanted: FeatureFilter, sort: FeatureSort, descending: bool, offset: int, limit: int
) -> tuple[int, list[int]]:
    """How many features a filter keeps, and the indices of one page of them.

    Raises:
        BadInputError: a filter that cannot be meant.
    """
    found = await _with_hits(model_id, source_id, wanted)
    if found is None:
        return 0, []
    return await _beside(found, lambda: _page(found, wanted, sort, descending, offset, limit))


async def counted(
    model_id: str, source_id: str, wanted: FeatureFilter, count: Callable[[Columns, Bools], T]
) -> T | None:
    """What `count` makes of a source's columns and of which features a filter keeps; None where there are none."""
    found = await _with_hits(model_id, source_id, wanted)
    if found is None:
        return None
    return await _beside(found, lambda: count(found, _counted_out(found, wanted)[0] == 0))


async def _with_hits(model_id: str, source_id: str, wanted: FeatureFilter) -> Columns | None:
    wanted.check()
    found = await columns(model_id, source_id)
    query = wanted.query.strip()
    if found is not None and query and query not in found.hits:
        found.hits[query] = await _hits(found, model_id, source_id, query)
        while len(found.hits) > MOST_QUERIES:
            found.hits.popitem(last=False)
    return found


async def _beside(found: Columns, count: Callable[[], T]) -> T:
    return await asyncio.to_thread(count) if len(found) > IN_A_THREAD else count()


async def _hits(found: Columns, model_id: str, source_id: str, query: str) -> Places:
    """Places of the features whose explanations hold the words, or that have the number."""
    condition, values = matches(query)
    (said,) = await rows(
        f"""
        SELECT string_agg(int4send(x.index), ''::bytea) AS hits
        FROM explanations AS x JOIN sources AS s ON s.model_id = x.model_id AND s.id = x.source_id
        WHERE x.model_id = :model AND x.source_id = :source AND {CURRENT} AND {condition}
        """,
        model=model_id,
        source=source_id,
        **values,
    )
    number = [int(query)] if re.fullmatch(r"[0-9]{1,9}", query) else []
    indices = np.concatenate([np.frombuffer(said["hits"] or b"", ">i4"), np.asarray(number, np.int32)])
    return np.unique(places(found.index, indices)[0])


def _page(
    found: Columns, wanted: FeatureFilter, sort: FeatureSort, descending: bool, offset: int, limit: int
) -> tuple[int, list[int]]:
    kept = _counted_out(found, wanted)[0] == 0
    total = int(np.count_nonzero(kept))
    if offset >= total:
        return total, []
    return total, found.index[_first(found, kept, sort, descending, offset + limit)[offset:]].tolist()


def _first(found: Columns, kept: Bools, sort: FeatureSort, descending: bool, count: int) -> Places:
    """Places of the first features that are kept, in order; those without an explanation last when sorted by it."""
    step = -1 if descending else 1
    if sort == "index":
        return np.flatnonzero(kept)[::step][:count]
    if sort != "explanation":
        order = found.by_density if sort == "density" else found.by_max_activation
        return _walked(order[::step], kept, count)
    labelled = _walked(found.by_explanation[::step], kept, count)
    if len(labelled) == count:
        return labelled
    rest = kept.copy()
    rest[found.by_explanation] = False
    return np.concatenate([labelled, np.flatnonzero(rest)])[:count]


def _walked(order: Places, kept: Bools, count: int) -> Places:
    """The first of an order that are kept: looking up all of a million costs more than all else of a page."""
    parts: list[Places] = [order[:0]]
    start, missing = 0, count
    while missing > 0 and start < len(order):
        part = order[start : start + STRIDE]
        parts.append(part[kept[part]][:missing])
        start, missing = start + STRIDE, missing - len(parts[-1])
    return np.concatenate(parts)


def _counted_out(found: Columns, wanted: FeatureFilter) -> tuple[Places, dict[str, Bools]]:
    """By how many parts of the filter each feature is left out, and by part which ones are."""
    out = {part: mask for part in PARTS if (mask := _left_out(found, wanted, part)) is not None}
    count = np.zeros(len(found), np.int8)
    for mask in out.values():
        count += mask
    return count, out


def _left_out(found: Columns, wanted: FeatureFilter, part: str) -> Bools | None:
    """Which features one part of a filter leaves out; None where it leaves none out."""
    match part:
        case "query" if wanted.query.strip():
            return ~_at(found, found.hits[wanted.query.strip()])
        case "density" if not wanted.density.is_open:
            return ~_inside(found.density, wanted.density)
        case "max_activation" if not wanted.max_activation.is_open:
            return ~_inside(found.max_activation, wanted.max_activation)
        case "score" if not wanted.score.is_open:
            scored = found.scores.get(wanted.score_type)
            return ~_at(found, scored.positions[_inside(scored.values, wanted.score)] if scored else [])
        case "types" if wanted.types:
            return ~_tagged(found, found.types, wanted.types)
        case "explainers" if wanted.explainers:
            return ~_tagged(found, found.explainers, wanted.explainers)
        case "explained" if wanted.explained is not None:
            said = _at(found, found.by_explanation)
            return ~said if wanted.explained else said
        case "live" if wanted.live is not None:
            fired: Bools = found.max_activation > 0
            return ~fired if wanted.live else fired
    return None


def _at(found: Columns, positions: Places | list[int]) -> Bools:
    mask = np.zeros(len(found), np.bool_)
    mask[np.asarray(positions, np.int64)] = True
    return mask


def _inside(values: Floats32, span: Span) -> Bools:
    """Ends are compared as the 32-bit numbers that values are stored as."""
    low = np.float32(-np.inf if span.low is None else span.low)
    high = np.float32(np.inf if span.high is None else span.high)
    inside: Bools = (values >= low) & (values <= high)
    return inside


def _tagged(found: Columns, tags: Tags, names: tuple[str, ...]) -> Bools:
    codes = [code for code, name in enumerate(tags.names) if name in names]
    return _at(found, tags.positions[np.isin(tags.codes, codes)])


def _facets(found: Columns, wanted: FeatureFilter) -> Facets:
    count, out = _counted_out(found, wanted)

    def others(part: str) -> Bools:
        """Features that every other part keeps."""
        kept: Bools = count == out[part] if part in out else count == 0
        return kept

    kinds = sorted(found.scores)
    kind = wanted.score_type if wanted.score_type in found.scores else next(iter(kinds), "")
    by_explanation, fired = others("explained"), found.max_activation > 0
    explained = int(np.count_nonzero(by_explanation[found.by_explanation]))
    live = others("live")
    return Facets(
        total=len(found),
        kept=int(np.count_nonzero(count == 0)),
        density=_bars(found, "density", others("density")),
        max_activation=_bars(found, "max_activation", others("max_activation")),
        score_types=kinds,
        score=_bars(found, f"score {kind}", others("score")) if kind else NO_BARS,
        explained=(explained, int(np.count_nonzero(by_explanation)) - explained),
        live=(int(np.count_nonzero(live & fired)), int(np.count_nonzero(live & ~fired))),
        types=_tag_counts(found.types, others("types")),
        explainers=_tag_counts(found.explainers, others("explainers")),
    )


def _tag_counts(tags: Tags, kept: Bools) -> list[tuple[str, int]]:
    """(name, features), the most frequent name first; names that are left with none too."""
    counts = np.bincount(tags.codes[kept[tags.positions]], minlength=len(tags.names)).tolist()
    return sorted(zip(tags.names, counts, strict=True), key=lambda one: (-one[1], one[0]))


@dataclass(frozen=True, slots=True)
class _Binned:
    """Values sorted into bars once: bar `codes[i]` of the feature at `positions[i]`."""

    edges: list[float]
    positions: Places
    codes: Places
    every: list[int]


def _bars(found: Columns, name: str, kept: Bools) -> Bars:
    binned: _Binned | None = found.made.get(name)
    if binned is None:
        binned = found.made[name] = _binned(found, name)
    if not binned.edges:
        return NO_BARS
    counts = np.bincount(binned.codes[kept[binned.positions]], minlength=len(binned.every))
    return Bars(binned.edges, binned.every, counts.tolist())


def _binned(found: Columns, name: str) -> _Binned:
    if name == "density":
        positions = np.flatnonzero(found.density > 0)
        return _sorted_into(positions, found.density[positions], logarithmic=True)
    if name == "max_activation":
        positions = np.flatnonzero(found.max_activation > 0)
        return _sorted_into(positions, found.max_activation[positions])
    scored = found.scores[name.removeprefix("score ")]
    return _sorted_into(scored.positions, scored.values)


def _sorted_into(positions: Places, values: Floats32, *, logarithmic: bool = False) -> _Binned:
    """Bars of equal width, of the logarithm where that is asked for; edges have four digits and hold every value."""
    if not len(values):
        return _Binned([], positions, np.empty(0, np.uint8), [])
    edges = bar_edges(float(values.min()), float(values.max()), logarithmic=logarithmic)
    codes = np.clip(np.searchsorted(edges, values.astype(np.float64), side="right") - 1, 0, len(edges) - 2)
    codes = codes.astype(np.uint8)
    return _Binned(edges, positions.astype(np.int32), codes, np.bincount(codes, minlength=len(edges) - 1).tolist())


def bar_edges(low: float, high: float, *, logarithmic: bool = False, bars: int = BARS) -> list[float]:
    """Edges of `bars` bars from `low` to `high`, rounded to four digits, so that they can stand in an address.

    The outer two are rounded outwards: every value is between them. Where all values are the same, there is one bar.
    """
    if high <= low:
        around = abs(low) / 20 or 0.5
        return [_rounded(low - around, np.floor), _rounded(low + around, np.ceil)]
    space = np.geomspace if logarithmic else np.linspace
    inner = {_rounded(edge, np.rint) for edge in space(low, high, bars + 1)[1:-1].tolist()}
    outer = {_rounded(low, np.floor), _rounded(high, np.ceil)}
    return sorted(inner | outer)


def _rounded(number: float, way: Callable[[float], float]) -> float:
    if number == 0:
        return 0.0
    digits = 3 - int(np.floor(np.log10(abs(number))))
    return float(f"{float(way(number * 10.0**digits)) / 10.0**digits:.4g}")
