"""What is known of a feature from all its activations: density, extremes, histograms, correlated features.

Everything is exact and comes from passes over the shards in bounded memory: extremes first, bars after.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_matrix, csr_matrix  # type: ignore[import-untyped]

from inference_worker.dashboards.shards import Shard, Triples

BARS = 50
_GRAM_VALUES = 1 << 22
"""Most entries of `A^T A` held at once (32 MB of float64)."""


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over all counted tokens, one entry a feature: `[n_features]` each."""

    counted: int
    """Tokens that count: the denominator of every share."""
    nonzero: NDArray[np.int64]
    smallest: NDArray[np.float64]
    """Smallest and largest nonzero activation; 0 where there is none."""
    largest: NDArray[np.float64]
    total: NDArray[np.float64]
    squares: NDArray[np.float64]

    @property
    def density(self) -> NDArray[np.float64]:
        """Share of counted tokens on which each feature is not zero."""
        return self.nonzero / max(1, self.counted)

    def live(self, log_sparsity_threshold: float) -> NDArray[np.bool_]:
        """Features that ever fire and whose log10 density is at least the threshold."""
        with np.errstate(divide="ignore"):
            return np.log10(self.density) >= log_sparsity_threshold


def totals(shards: Sequence[Shard], n_features: int) -> Totals:
    """Totals over all shards; reads each once."""
    nonzero = np.zeros(n_features, dtype=np.int64)
    smallest, largest = np.full(n_features, np.inf), np.full(n_features, -np.inf)
    total, squares = np.zeros(n_features), np.zeros(n_features)
    for shard in shards:
        part = shard.read(0, n_features)
        values = part.values.astype(np.float64)
        nonzero += np.bincount(part.features, minlength=n_features)
        total += np.bincount(part.features, values, n_features)
        squares += np.bincount(part.features, values**2, n_features)
        present, starts = np.unique(part.features, return_index=True)
        if len(present):
            smallest[present] = np.minimum(smallest[present], np.minimum.reduceat(values, starts))
            largest[present] = np.maximum(largest[present], np.maximum.reduceat(values, starts))
    none = nonzero == 0
    smallest[none] = largest[none] = 0.0
    return Totals(sum(shard.counted() for shard in shards), nonzero, smallest, largest, total, squares)


def bar_index(
    values: NDArray[np.floating], low: NDArray[np.float64], high: NDArray[np.float64], bars: int
) -> NDArray[np.int64]:
    """Bar of each value when `[low, high]` is cut into equal parts; the last part includes `high`."""
    width = np.where(high > low, high - low, 1.0)
    return np.clip(((values - low) / width * bars).astype(np.int64), 0, bars - 1)


def bar_centres(low: NDArray[np.float64], high: NDArray[np.float64], bars: int = BARS) -> NDArray[np.float64]:
    """Middle of each bar, `[n, bars]`."""
    return low[:, None] + (np.arange(bars) + 0.5) / bars * (high - low)[:, None]


def heights(triples: Triples, index: NDArray[np.int64], first: int, count: int, bars: int) -> NDArray[np.int64]:
    """How many triples fall into each bar of the features `[first, first + count)`: `[count, bars]`."""
    flat = (triples.features - first) * bars + index
    return np.bincount(flat, minlength=count * bars).reshape(count, bars)


@dataclass(frozen=True, slots=True)
class Correlated:
    """For each feature of a block, those that fire together with it most: `[count, k]` each, best first."""

    indices: NDArray[np.int64]
    """-1 where fewer than k others are correlated at all."""
    pearson: NDArray[np.float64]
    cosine: NDArray[np.float64]


def block_rows(n_features: int) -> int:
    """Features of one correlation block, so that memory stays the same for wide sources."""
    return max(1, min(n_features, _GRAM_VALUES // n_features))


def correlated(
    shards: Sequence[Shard], known: Totals, live: NDArray[np.bool_], first: int, end: int, k: int = 3
) -> Correlated:
    """Most correlated live features of the features `[first, end)`, over all counted tokens.

    With `A` `[tokens, features]` and `G = A^T A`, Pearson's r is
    `(n G_ij - s_i s_j) / sqrt((n q_i - s_i^2)(n q_j - s_j^2))` and the cosine `G_ij / sqrt(q_i q_j)`,
    where s are sums and q sums of squares.
    """
    n_features = len(live)
    gram = np.zeros((end - first, n_features))
    for shard in shards:
        rows = _token_rows(shard, n_features)
        gram += (rows[:, first:end].T @ rows).toarray()
    own = slice(first, end)
    n, s, q = known.counted, known.total, known.squares
    spread = np.sqrt(np.maximum(n * q - s**2, 1e-12))
    pearson = (n * gram - np.outer(s[own], s)) / np.outer(spread[own], spread)
    cosine = gram / np.sqrt(np.maximum(np.outer(q[own], q), 1e-12))
    pearson[:, ~live] = -np.inf
    pearson[np.arange(end - first), np.arange(first, end)] = -np.inf
    return _best(pearson, cosine, k)


def _token_rows(shard: Shard, n_features: int) -> csr_matrix:
    part = shard.read(0, n_features)
    bounds = np.searchsorted(part.features, np.arange(n_features + 1))
    shape = (shard.count * shard.context, n_features)
    return csc_matrix((part.values, part.positions - shard.start, bounds), shape=shape).tocsr()


def _best(pearson: NDArray[np.float64], cosine: NDArray[np.float64], k: int) -> Correlated:
    k = min(k, pearson.shape[1])
    order = np.argsort(-pearson, axis=1, kind="stable")[:, :k]
    best, near = np.take_along_axis(pearson, order, 1), np.take_along_axis(cosine, order, 1)
    return Correlated(np.where(best > 0, order, -1), best, near)
