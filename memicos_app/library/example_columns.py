"""Examples of activation: one by one (`Example`), and any number of them as columns, which is what gets stored.

Only positions with an activation are kept. Nothing here knows how columns are written, see `blocks`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from memicos_app.library.errors import BadInputError
from memicos_app.library.packing import Floats, Ints

NO_QUALIFYING, AT_PEAK, FIRST_PLACE = 0, 1, 3  # then index + FIRST_PLACE, so that -1 is 2


class Group(NamedTuple):
    """The interval an example was drawn from, and where its text came from."""

    bin_min: float
    bin_max: float
    bin_contains: float
    data_source: str | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """One window without its tokens: which positions are active, how strongly. Made by `example()`."""

    length: int
    positions: Ints
    """Ascending positions whose value is not 0, `[n_active]`."""
    values: Floats
    """Their values, `[n_active]`."""
    peak: int
    """Position of the first largest value."""
    max_value: float
    group: Group
    qualifying_token_index: int | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    """Further columns under their public names: `dfaValues`, `lossValues`…; what JSON can hold."""


def example(
    values: Sequence[float] | Floats,
    group: Group,
    qualifying_token_index: int | None = None,
    extra: dict[str, Any] | None = None,
) -> Example:
    """An example from one value a token.

    Raises:
        BadInputError: no values, or one that is not a finite number.
    """
    row = np.asarray(values, np.float64)
    if not len(row):
        raise BadInputError("An example has at least one token.", field="values")
    if not np.isfinite(row).all():
        place = int(np.flatnonzero(~np.isfinite(row))[0])
        raise BadInputError(f"values[{place}] is {row[place]}, not a finite number.", field="values")
    active = np.flatnonzero(row)
    peak = int(row.argmax())
    return Example(len(row), active, row[active], peak, float(row[peak]), group, qualifying_token_index, extra or {})


@dataclass(frozen=True, slots=True)
class Columns:
    """`n` examples; positions and values of all of them lie end to end."""

    lengths: Ints
    """Tokens of each window, `[n]`."""
    counts: Ints
    """Active positions of each, `[n]`."""
    positions: Ints
    """`[sum(counts)]`, ascending within an example."""
    values: Floats
    """`[sum(counts)]`."""
    maxima: Floats
    """Largest value of each, zeros counted, `[n]`."""
    qualifying: Ints
    """Position for which each was chosen, as a code: none, the peak, or the position; `[n]`."""
    groups: list[Group]
    extras: list[dict[str, Any]]

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def ends(self) -> Ints:
        """Where the active positions of each example end, `[n]`."""
        return np.cumsum(self.counts)

    def taken(self, order: Ints) -> Columns:
        """The examples at these places, in this order."""
        active = stretches(self.counts, order)
        places = order.tolist()
        return Columns(
            self.lengths[order],
            self.counts[order],
            self.positions[active],
            self.values[active],
            self.maxima[order],
            self.qualifying[order],
            [self.groups[at] for at in places],
            [self.extras[at] for at in places],
        )

    def part(self, first: int, last: int, active: slice) -> Columns:
        """Neighbouring examples, without copying; `active` are their places in positions and values."""
        some = slice(first, last)
        return Columns(
            self.lengths[some],
            self.counts[some],
            self.positions[active],
            self.values[active],
            self.maxima[some],
            self.qualifying[some],
            self.groups[some],
            self.extras[some],
        )

    def examples(self, first: int, last: int) -> list[Example]:
        """Neighbouring examples one by one."""
        ends = self.ends
        return [self._example(at, slice(int(ends[at] - self.counts[at]), int(ends[at]))) for at in range(first, last)]

    def _example(self, at: int, active: slice) -> Example:
        length = int(self.lengths[at])
        dense = np.zeros(length)
        dense[self.positions[active]] = self.values[active]
        code = int(self.qualifying[at])
        place = None if code == NO_QUALIFYING else int(dense.argmax()) if code == AT_PEAK else code - FIRST_PLACE
        return example(dense, self.groups[at], place, self.extras[at])


def stretches(sizes: Ints, order: Ints) -> Ints:
    """Places of things that lie end to end, `sizes` of them for each owner, when their owners are put in an order."""
    wanted = sizes[order]
    starts = (np.cumsum(sizes) - sizes)[order]
    places: Ints = np.repeat(starts - (np.cumsum(wanted) - wanted), wanted) + np.arange(int(wanted.sum()))
    return places


def columns_of(examples: Sequence[Example]) -> Columns:
    """Single examples as columns."""
    return Columns(
        np.asarray([one.length for one in examples], np.int64),
        np.asarray([len(one.positions) for one in examples], np.int64),
        np.concatenate([np.zeros(0, np.int64), *(one.positions for one in examples)]),
        np.concatenate([np.zeros(0), *(one.values for one in examples)]),
        np.asarray([one.max_value for one in examples], np.float64),
        np.asarray([_qualifying_code(one) for one in examples], np.int64),
        [one.group for one in examples],
        [one.extra for one in examples],
    )


def dense_columns(
    dense: Floats, lengths: Ints, qualifying: Sequence[int | None], groups: list[Group], extras: list[dict[str, Any]]
) -> Columns:
    """Columns of examples from one value a token, all examples end to end, `[sum(lengths)]`; none is empty."""
    ends = np.cumsum(lengths)
    starts = ends - lengths
    active = np.flatnonzero(dense)
    counts = np.diff(np.searchsorted(active, ends), prepend=0)
    maxima = np.maximum.reduceat(dense, starts) if len(lengths) else np.zeros(0)
    at_maximum = np.flatnonzero(dense == np.repeat(maxima, lengths))
    peaks = at_maximum[np.searchsorted(at_maximum, starts)] - starts
    given = np.asarray([NO_QUALIFYING - FIRST_PLACE if place is None else max(place, -1) for place in qualifying])
    codes = np.where(given == peaks, AT_PEAK, given.astype(np.int64) + FIRST_PLACE)
    return Columns(lengths, counts, active - np.repeat(starts, counts), dense[active], maxima, codes, groups, extras)


def joined(parts: Sequence[Columns]) -> Columns:
    """The examples of several columns, one after the other."""
    if len(parts) == 1:
        return parts[0]
    return Columns(
        np.concatenate([one.lengths for one in parts]),
        np.concatenate([one.counts for one in parts]),
        np.concatenate([one.positions for one in parts]),
        np.concatenate([one.values for one in parts]),
        np.concatenate([one.maxima for one in parts]),
        np.concatenate([one.qualifying for one in parts]),
        [group for one in parts for group in one.groups],
        [extra for one in parts for extra in one.extras],
    )


def _qualifying_code(one: Example) -> int:
    """Most often the position of the peak, which then costs nothing to store."""
    place = one.qualifying_token_index
    if place is None:
        return NO_QUALIFYING
    return AT_PEAK if place == one.peak else max(place, -1) + FIRST_PLACE
