"""Totals, bars and correlations equal what plain numpy says of the dense matrix."""

from __future__ import annotations

import numpy as np
import pytest

from inference_worker.dashboards import statistics
from inference_worker.dashboards.statistics import BARS, bar_centres, bar_index, block_rows, correlated, heights
from tests.inference_worker.dashboards.sparse import Sparse, matrix, stored


@pytest.fixture(scope="module")
def sparse(tmp_path_factory: pytest.TempPathFactory) -> Sparse:
    return stored(matrix(), tmp_path_factory.mktemp("shards"), 7)


def test_totals_are_those_of_the_dense_matrix(sparse: Sparse) -> None:
    known, flat = sparse.totals, sparse.flat.astype(np.float64)
    assert known.counted == sparse.counted == 600
    np.testing.assert_array_equal(known.nonzero, (flat > 0).sum(axis=0))
    np.testing.assert_allclose(known.total, flat.sum(axis=0))
    np.testing.assert_allclose(known.squares, (flat**2).sum(axis=0))
    np.testing.assert_array_equal(known.largest, flat.max(axis=0))
    for feature in range(24):
        fired = flat[:, feature][flat[:, feature] > 0]
        assert known.smallest[feature] == (fired.min() if len(fired) else 0)
    np.testing.assert_allclose(known.density, (flat > 0).sum(axis=0) / 600)


def test_dead_features_are_never_live_and_sparse_ones_by_threshold(sparse: Sparse) -> None:
    known = sparse.totals
    assert known.live(-20).tolist() == [feature != 3 for feature in range(24)]
    assert not known.live(-2.5)[5]  # once in 600: 10^-2.78
    assert known.live(-2.8)[5]


def test_bars_are_numpy_histograms(sparse: Sparse) -> None:
    known = sparse.totals
    bars = np.zeros((24, BARS), dtype=np.int64)
    for shard in sparse.shards:
        part = shard.read(0, 24)
        index = bar_index(part.values, known.smallest[part.features], known.largest[part.features], BARS)
        bars += heights(part, index, 0, 24, BARS)
    centres = bar_centres(known.smallest, known.largest)
    for feature in (0, 7, 11):
        fired = sparse.flat[:, feature][sparse.flat[:, feature] > 0].astype(np.float64)
        expected, edges = np.histogram(fired, BARS, (known.smallest[feature], known.largest[feature]))
        np.testing.assert_array_equal(bars[feature], expected)
        np.testing.assert_allclose(centres[feature], (edges[1:] + edges[:-1]) / 2)
    assert bars.sum() == known.nonzero.sum()


def test_a_feature_with_one_value_has_one_bar() -> None:
    one = np.array([2.5])
    assert bar_index(one, one, one, BARS).tolist() == [0]


@pytest.mark.parametrize(("first", "end"), [(0, 24), (6, 13)])
def test_correlations_are_numpy_ones(sparse: Sparse, first: int, end: int) -> None:
    known = sparse.totals
    live = known.live(-20)
    found = correlated(sparse.shards, known, live, first, end)
    counted = sparse.dense[:, 1:].reshape(-1, 24).astype(np.float64)[:, live]
    numbers = np.flatnonzero(live)
    pearson = np.corrcoef(counted.T)
    cosine = counted.T @ counted / np.outer(*[np.linalg.norm(counted, axis=0)] * 2)
    np.fill_diagonal(pearson, -np.inf)
    for feature in (7, 8, 12):
        own = int(np.searchsorted(numbers, feature))
        order = np.argsort(-pearson[own])[:3]
        expected = [number for number, r in zip(numbers[order], pearson[own, order], strict=True) if r > 0]
        row = feature - first
        assert found.indices[row][found.indices[row] >= 0].tolist() == expected
        np.testing.assert_allclose(found.pearson[row], pearson[own, order], rtol=1e-5)
        np.testing.assert_allclose(found.cosine[row], cosine[own, order], rtol=1e-5)


def test_correlation_blocks_keep_their_size_for_wide_sources() -> None:
    for width in (24, 4096, 131_072):
        assert 1 <= block_rows(width) <= width
        assert block_rows(width) * width <= max(statistics._GRAM_VALUES, width)
