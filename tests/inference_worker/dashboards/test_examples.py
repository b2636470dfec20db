"""The examples of a feature: its strongest windows, and a fair, repeatable sample of each interval."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from inference_worker.dashboards.examples import (
    Chooser,
    Chosen,
    Wanted,
    WindowValues,
    of_feature,
    random_marks,
)
from tests.inference_worker.dashboards.sparse import Sparse, matrix, stored

CONTEXT, FEATURES = 16, 24
WANTED = Wanted(top=8, intervals=5, per_interval=3)


def chosen(sparse: Sparse, first: int = 0, end: int = FEATURES, wanted: Wanted = WANTED, seed: int = 0) -> Chosen:
    chooser = Chooser(sparse.totals, first, end, sparse.dense.shape[1], wanted, seed)
    for shard in sparse.shards:
        chooser.add(shard.read(first, end))
    return chooser.chosen()


@pytest.fixture(scope="module")
def sparse(tmp_path_factory: pytest.TempPathFactory) -> Sparse:
    return stored(matrix(), tmp_path_factory.mktemp("shards"), 7)


def test_the_strongest_windows_one_token_each(sparse: Sparse) -> None:
    found = chosen(sparse)
    for feature in range(FEATURES):
        peaks = sparse.dense[:, :, feature].max(axis=1)
        best = [window for window in np.argsort(-peaks, kind="stable") if peaks[window] > 0][: WANTED.top]
        expected = [int(window * CONTEXT + sparse.dense[window, :, feature].argmax()) for window in best]
        assert found.top[feature][: len(expected)].tolist() == expected
        assert set(found.top[feature][len(expected) :].tolist()) <= {-1}


def test_interval_samples_lie_in_their_interval_once_a_window(sparse: Sparse) -> None:
    found, largest = chosen(sparse), sparse.flat.max(axis=0)
    for feature in range(FEATURES):
        values = sparse.flat[:, feature].astype(np.float64)
        place = np.clip((values / max(largest[feature], 1e-9) * 5).astype(int), 0, 4)
        for interval in range(5):
            inside = np.flatnonzero((values > 0) & (place == interval))
            sample = found.sampled[feature, interval]
            sample = sample[sample >= 0]
            assert set(sample.tolist()) <= set(inside.tolist())
            assert len(sample) == min(WANTED.per_interval, len(set(inside // CONTEXT)))
            assert len(set(sample // CONTEXT)) == len(sample)
            assert found.interval_counts[feature, interval] == len(inside)


@pytest.mark.parametrize("windows_per_shard", [1, 40])
def test_how_tokens_are_split_into_shards_changes_nothing(
    tmp_path: Path, sparse: Sparse, windows_per_shard: int
) -> None:
    one, other = chosen(sparse), chosen(stored(sparse.dense, tmp_path, windows_per_shard))
    for name in ("top", "sampled", "interval_counts", "bars"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_a_block_of_features_gives_what_all_give(sparse: Sparse) -> None:
    everything, block = chosen(sparse), chosen(sparse, 6, 11)
    np.testing.assert_array_equal(everything.top[6:11], block.top)
    np.testing.assert_array_equal(everything.sampled[6:11], block.sampled)


def test_another_seed_samples_others_and_leaves_the_strongest(sparse: Sparse) -> None:
    one, other = chosen(sparse, seed=0), chosen(sparse, seed=1)
    np.testing.assert_array_equal(one.top, other.top)
    assert (one.sampled != other.sampled).any()


def test_samples_are_fair(tmp_path: Path) -> None:
    """Over many seeds each of 20 equally strong windows is taken about equally often (chi squared, p > 1e-4)."""
    dense = np.zeros((20, 2, 1), dtype=np.float32)
    dense[:, 1, 0] = 1.0
    sparse = stored(dense, tmp_path, 6)
    taken = np.zeros(20)
    for seed in range(400):
        sample = chosen(sparse, 0, 1, Wanted(1, 1, 5), seed).sampled[0, 0]
        taken[sample // 2] += 1
    assert ((taken - 100) ** 2 / 100).sum() < 55


def test_marks_depend_on_feature_position_and_seed_only() -> None:
    features, positions = np.array([1, 1, 2]), np.array([5, 6, 5])
    marks = random_marks(features, positions, 3)
    assert len(set(marks.tolist())) == 3
    np.testing.assert_array_equal(marks[1:], random_marks(features[1:], positions[1:], 3))
    assert (marks != random_marks(features, positions, 4)).all()


def test_examples_come_strongest_first_then_intervals_downwards(sparse: Sparse) -> None:
    examples = of_feature(chosen(sparse), 7, CONTEXT)
    assert [example.interval for example in examples] == [None] * 8 + [4] * 3 + [3] * 3 + [2] * 3 + [1] * 3 + [0] * 3
    strengths = [sparse.dense[example.window, example.qualifying, 7] for example in examples[:8]]
    assert strengths == sorted(strengths, reverse=True)
    for group in range(8, 23, 3):
        windows = [example.window for example in examples[group : group + 3]]
        assert windows == sorted(windows)


def test_a_feature_that_fires_once_has_one_window_in_two_groups(sparse: Sparse) -> None:
    examples = of_feature(chosen(sparse), 5, CONTEXT)
    assert [(example.window, example.qualifying, example.interval) for example in examples] == [
        (20, 8, None),
        (20, 8, 4),
    ]
    assert of_feature(chosen(sparse), 3, CONTEXT) == []


def test_windows_get_all_their_values(sparse: Sparse) -> None:
    features = np.array([9, 6, 6, 9, 3])
    windows = np.array([39, 0, 12, 0, 4])
    first, end = 3, 10
    filled = WindowValues(features, windows, first, CONTEXT)
    for shard in sparse.shards:
        filled.add(shard.read(first, end), shard.first, shard.count)
    np.testing.assert_array_equal(filled.values, sparse.dense[windows, :, features])
