"""Which windows a feature shows: its strongest, and a fair sample of each interval of its range.

One streaming pass over the shards with bounded state: the best k windows so far, and for each interval the
tokens with the smallest random marks so far (a bottom-k sample, so order and number of shards do not matter).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from inference_worker.dashboards.shards import Triples
from inference_worker.dashboards.statistics import BARS, Totals, bar_index, heights

_NEVER = np.iinfo(np.uint64).max
_Rank = TypeVar("_Rank", np.float64, np.uint64)


@dataclass(frozen=True, slots=True)
class Wanted:
    """How many examples a feature shows."""

    top: int = 20
    intervals: int = 5
    per_interval: int = 5


@dataclass(frozen=True, slots=True)
class Chosen:
    """Examples of the features `[first, first + n)`; positions are -1 where there are fewer than wanted."""

    first: int
    top: NDArray[np.int64]  # [n, top], positions of the qualifying tokens, strongest first
    sampled: NDArray[np.int64]  # [n, intervals, per_interval], lowest interval first
    interval_counts: NDArray[np.int64]  # [n, intervals], tokens with a nonzero value in the interval
    bars: NDArray[np.int64]  # [n, BARS], histogram of nonzero values


class Chooser:
    """Feeds on triples of the features `[first, end)`, shard after shard in order of position."""

    def __init__(self, known: Totals, first: int, end: int, context: int, wanted: Wanted, seed: int) -> None:
        n = end - first
        self._first, self._n, self._context, self._wanted, self._seed = first, n, context, wanted, seed
        self._low, self._high = known.smallest[first:end], known.largest[first:end]
        self._bars = np.zeros((n, BARS), dtype=np.int64)
        self._counts = np.zeros((n, wanted.intervals), dtype=np.int64)
        self._top_values = np.full((n, wanted.top), -np.inf)
        self._top = np.full((n, wanted.top), -1, dtype=np.int64)
        groups = n * wanted.intervals
        self._marks = np.full((groups, wanted.per_interval), _NEVER, dtype=np.uint64)
        self._sampled = np.full((groups, wanted.per_interval), -1, dtype=np.int64)

    def add(self, triples: Triples) -> None:
        """Take in the activations of one shard."""
        if len(triples.features) == 0:
            return
        own = triples.features - self._first
        bars = bar_index(triples.values, self._low[own], self._high[own], BARS)
        self._bars += heights(triples, bars, self._first, self._n, BARS)
        self._add_top(own, triples)
        self._add_intervals(positive(triples))

    def chosen(self) -> Chosen:
        """The examples after the last shard."""
        shape = (self._n, self._wanted.intervals, self._wanted.per_interval)
        return Chosen(self._first, self._top, self._sampled.reshape(shape), self._counts, self._bars)

    def _add_top(self, own: NDArray[np.int64], triples: Triples) -> None:
        """The strongest token of each window, and of those the strongest windows."""
        if self._wanted.top == 0:
            return
        worth = np.flatnonzero(triples.values > self._top_values[own, -1])
        strongest = _one_per_window(
            own[worth], triples.positions[worth], -triples.values[worth].astype(np.float64), self._context
        )
        new = worth[strongest]
        self._top_values, self._top = _merged(
            own[new], -triples.values[new].astype(np.float64), triples.positions[new], -self._top_values, self._top
        )
        self._top_values = -self._top_values

    def _add_intervals(self, triples: Triples) -> None:
        own, intervals = triples.features - self._first, self._wanted.intervals
        high = self._high[own]
        index = bar_index(triples.values, np.zeros_like(high), high, intervals)
        self._counts += heights(triples, index, self._first, self._n, intervals)
        self._add_sampled(own * intervals + index, triples)

    def _add_sampled(self, groups: NDArray[np.int64], triples: Triples) -> None:
        """Tokens of each interval by random mark, at most one a window."""
        if self._wanted.per_interval == 0:
            return
        marks = random_marks(triples.features, triples.positions, self._seed)
        worth = np.flatnonzero(marks < self._marks[groups, -1])
        kept = _one_per_window(groups[worth], triples.positions[worth], marks[worth], self._context)
        new = worth[kept]
        self._marks, self._sampled = _merged(
            groups[new], marks[new], triples.positions[new], self._marks, self._sampled
        )


def positive(triples: Triples) -> Triples:
    """Without negative values, which a few architectures have and which lie in no interval."""
    if len(triples.values) == 0 or triples.values.min() > 0:
        return triples
    kept = triples.values > 0
    return Triples(triples.features[kept], triples.positions[kept], triples.values[kept])


def random_marks(features: NDArray[np.int64], positions: NDArray[np.int64], seed: int) -> NDArray[np.uint64]:
    """A number for each (feature, position) that looks random and depends on nothing else (splitmix64)."""
    mixed = features.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + positions.astype(np.uint64)
    mixed += np.uint64(seed * 0xD1342543DE82EF95 % (1 << 64))
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return (mixed ^ (mixed >> np.uint64(31))) >> np.uint64(1)


def _one_per_window(
    groups: NDArray[np.int64], positions: NDArray[np.int64], rank: NDArray[np.generic], context: int
) -> NDArray[np.int64]:
    """Indices of the entry with the lowest rank of each (group, window); the earlier position wins ties."""
    order = np.lexsort((positions, rank, positions // context, groups))
    group, window = groups[order], positions[order] // context
    is_first = np.ones(len(order), dtype=bool)
    is_first[1:] = (group[1:] != group[:-1]) | (window[1:] != window[:-1])
    return order[is_first]


def _merged(
    groups: NDArray[np.int64],
    rank: NDArray[_Rank],
    positions: NDArray[np.int64],
    kept_rank: NDArray[_Rank],
    kept: NDArray[np.int64],
) -> tuple[NDArray[_Rank], NDArray[np.int64]]:
    """Kept entries `[n, k]` and new ones together, the k lowest ranks of each group, sorted."""
    n, k = kept.shape
    all_groups = np.concatenate([np.repeat(np.arange(n), k), groups])
    all_rank = np.concatenate([kept_rank.reshape(-1), rank])
    all_positions = np.concatenate([kept.reshape(-1), positions])
    order = np.lexsort((all_positions, all_rank, all_groups))
    starts = np.searchsorted(all_groups[order], np.arange(n))
    first_k = order[starts[:, None] + np.arange(k)]
    return all_rank[first_k], all_positions[first_k]


@dataclass(frozen=True, slots=True)
class Example:
    """One stored window of one feature."""

    window: int
    """Number of the window among those of the run."""
    qualifying: int
    """Place of the token in the window for which it was chosen."""
    interval: int | None
    """Interval, 0 the lowest; None: one of the strongest."""


def of_feature(chosen: Chosen, feature: int, context: int) -> list[Example]:
    """Examples of one feature: the strongest first, then the intervals from the highest down, each by position."""
    own = feature - chosen.first
    found = [_example(position, context, None) for position in chosen.top[own] if position >= 0]
    for interval in reversed(range(chosen.sampled.shape[1])):
        positions = chosen.sampled[own, interval]
        found += [_example(position, context, interval) for position in np.sort(positions[positions >= 0])]
    return found


def _example(position: int, context: int, interval: int | None) -> Example:
    window, place = divmod(int(position), context)
    return Example(window, place, interval)


class WindowValues:
    """Values of chosen windows, filled shard after shard; everything not seen is 0."""

    def __init__(self, features: NDArray[np.int64], windows: NDArray[np.int64], first: int, context: int) -> None:
        """Ask for pairs of a feature and a window, `[n]` each; `first` is the block's first feature."""
        self._own, self._windows, self._first, self._context = features - first, windows, first, context
        self.values = np.zeros((len(features), context), dtype=np.float32)  # [n, context]

    def add(self, triples: Triples, first_window: int, count: int) -> None:
        """Take in the activations of the shard that holds the windows `[first_window, first_window + count)`."""
        asked = np.flatnonzero((self._windows >= first_window) & (self._windows < first_window + count))
        if len(asked) == 0 or len(triples.features) == 0:
            return
        length = count * self._context
        keys = (triples.features - self._first) * length + triples.positions - first_window * self._context
        starts_at = self._own[asked] * length + (self._windows[asked] - first_window) * self._context
        starts, ends = np.searchsorted(keys, starts_at), np.searchsorted(keys, starts_at + self._context)
        sizes = ends - starts
        which = np.repeat(np.arange(len(asked)), sizes)
        entry = np.arange(len(which)) - np.repeat(np.cumsum(sizes) - sizes, sizes) + np.repeat(starts, sizes)
        self.values[asked[which], keys[entry] - starts_at[which]] = triples.values[entry]
