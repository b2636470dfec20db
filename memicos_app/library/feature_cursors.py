"""Cursors of a source's list of features: how many come before a place in it, whatever came or went meanwhile."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from memicos_app.library import cursors, facets
from memicos_app.library.errors import BadInputError
from memicos_app.library.feature_columns import Bools, Columns
from memicos_app.library.feature_filters import FeatureFilter
from memicos_app.library.query import row
from memicos_app.library.views import FeatureRow, FeatureSort

GONE = -1


@dataclass(frozen=True, slots=True)
class Order:
    """A source's features as a list has them."""

    model_id: str
    source_id: str
    generation: int
    n_explained: int
    wanted: FeatureFilter
    sort: FeatureSort
    descending: bool

    @property
    def question(self) -> str:
        """What binds a cursor to it; the source may be filled anew meanwhile."""
        return cursors.question_hash(self.model_id, self.source_id, self.wanted, self.sort, self.descending)


@dataclass(frozen=True, slots=True)
class Last:
    """The last feature that was shown, and what it was sorted by."""

    key: str | None
    """Of its explanation; None where it had none."""
    number: float
    index: int


async def written(order: Order, last: FeatureRow) -> str:
    """The cursor to what follows a feature."""
    number = last.density if order.sort == "density" else last.max_activation
    key = await _key(order, last.index) if order.sort == "explanation" else None
    return cursors.packed([order.question, "" if key is None else f"={key}", number, last.index])


async def passed(order: Order, cursor: str) -> int:
    """How many features come before what follows a cursor.

    Raises:
        BadInputError: it is none, of another list, or its place is gone.
    """
    key, number, index = cursors.place(cursor, order.question, str, float, int)
    last = Last(key.removeprefix("=") if key else None, number, min(index, 2**31 - 1))
    if order.wanted.is_empty:
        return await _counted(order, last)
    found = await facets.counted(
        order.model_id, order.source_id, order.wanted, lambda columns, kept: _filtered(columns, kept, order, last)
    )
    if found == GONE:
        raise BadInputError("What this cursor points to is gone: begin without one.", field="cursor")
    return found or 0


def _filtered(found: Columns, kept: Bools, order: Order, last: Last) -> int:
    """How many of the features that a filter keeps come before a place or are at it; `GONE`: there is none such."""
    if order.sort == "explanation":
        before = _explained_before(found, order.descending, last)
        return GONE if before is None else int(np.count_nonzero(kept & before))
    at = found.index >= last.index if order.descending else found.index <= last.index
    if order.sort != "index":
        numbers = found.density if order.sort == "density" else found.max_activation
        number = np.float32(last.number)
        at = (numbers > number if order.descending else numbers < number) | ((numbers == number) & at)
    return int(np.count_nonzero(kept & at))


def _explained_before(found: Columns, descending: bool, last: Last) -> Bools | None:
    """As `_filtered`, in the order of explanations; features without one are last, by index."""
    before = np.zeros(len(found), np.bool_)
    order = found.by_explanation[:: -1 if descending else 1]
    if last.key is None:
        before[found.index <= last.index] = True
        before[order] = True
        return before
    here = np.flatnonzero(found.index[order] == last.index)
    if not len(here):
        return None
    before[order[: here[0] + 1]] = True
    return before


async def _key(order: Order, index: int) -> str | None:
    found = await row(
        "SELECT sort_key FROM feature_labels WHERE generation_id = :generation AND index = :index",
        generation=order.generation,
        index=index,
    )
    return found["sort_key"] if found else None


async def _counted(order: Order, last: Last) -> int:
    """In the whole list, by index-only scans."""
    side = ">=" if order.descending else "<="
    if order.sort == "explanation" and last.key is None:
        return order.n_explained + await _count(_UNLABELLED, order, last)
    return await _count(_UP_TO[order.sort].format(side=side), order, last)


async def _count(sql: str, order: Order, last: Last) -> int:
    found = await row(sql, generation=order.generation, key=last.key, number=last.number, index=last.index)
    return int(found["n"]) if found else 0


_OF_FEATURES = "SELECT count(*) AS n FROM features AS f WHERE f.generation_id = :generation"
_UP_TO: dict[FeatureSort, str] = {
    "index": _OF_FEATURES + " AND f.index {side} :index",
    "density": _OF_FEATURES + " AND (f.density, f.index) {side} (CAST(:number AS real), :index)",
    "max_activation": _OF_FEATURES + " AND (f.max_activation, f.index) {side} (CAST(:number AS real), :index)",
    "explanation": "SELECT count(*) AS n FROM feature_labels AS l WHERE l.generation_id = :generation"
    " AND (l.sort_key, l.index) {side} (:key, :index)",
}
_UNLABELLED = (
    _OF_FEATURES
    + """ AND f.index <= :index AND NOT EXISTS (
        SELECT FROM feature_labels AS l WHERE l.generation_id = f.generation_id AND l.index = f.index)"""
)
