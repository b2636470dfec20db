"""Activations on disk come back as they were, by slices of features."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from inference_worker.dashboards.shards import plan
from tests.inference_worker.dashboards.sparse import matrix, stored


@pytest.mark.parametrize("windows_per_shard", [7, 40, 100])
def test_slices_of_features_are_the_dense_columns(tmp_path: Path, windows_per_shard: int) -> None:
    sparse = stored(matrix(), tmp_path, windows_per_shard)
    for first, end in ((0, 24), (3, 4), (5, 9), (23, 24)):
        back = np.zeros_like(sparse.flat)
        for shard in sparse.shards:
            part = shard.read(first, end)
            assert np.all(np.diff(part.features) >= 0)
            back[part.positions, part.features] = part.values
        expected = np.zeros_like(sparse.flat)
        expected[:, first:end] = sparse.flat[:, first:end]
        np.testing.assert_array_equal(back, expected)


def test_positions_rise_within_a_feature(tmp_path: Path) -> None:
    for shard in stored(matrix(), tmp_path, 7).shards:
        part = shard.read(0, 24)
        same = np.diff(part.features) == 0
        assert np.all(np.diff(part.positions)[same] > 0)


def test_features_that_never_fire_are_empty_slices(tmp_path: Path) -> None:
    dense = matrix(windows=3)
    dense[:, :, [0, 1, 22, 23]] = 0
    for number, values in enumerate((dense, np.zeros_like(dense))):
        for shard in stored(values, tmp_path / str(number), 2).shards:
            for first, end in ((0, 2), (22, 24), (23, 24)):
                assert len(shard.read(first, end).values) == 0


def test_the_plan_covers_every_window_once(tmp_path: Path) -> None:
    shards = plan(tmp_path, 23, 8, 5)
    covered = [window for shard in shards for window in range(shard.first, shard.first + shard.count)]
    assert covered == list(range(23))
    assert shards[1].start == 5 * 8


def test_an_unfinished_file_is_not_a_shard(tmp_path: Path) -> None:
    shards = plan(tmp_path, 4, 8, 4)
    shards[0].path.with_suffix(".123").write_bytes(b"half")
    assert not shards[0].complete
    sparse = stored(matrix(windows=4, context=8), tmp_path, 4)
    assert sparse.shards[0].complete
    assert sparse.shards[0].counted() == 28
    assert [path.name for path in tmp_path.glob("*.safetensors")] == ["shard-000000.safetensors"]
