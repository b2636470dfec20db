"""Memory stays the same as tokens grow: everything after the forward pass works through shards of one size."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np

from inference_worker.dashboards.examples import Chooser, Wanted, WindowValues, of_feature
from inference_worker.dashboards.statistics import correlated, totals
from tests.inference_worker.dashboards.sparse import matrix, stored

CONTEXT, FEATURES, WINDOWS_A_SHARD = 32, 48, 64


def peak(folder: Path, shards: int) -> int:
    """Peak of traced memory, in bytes, while a source of so many shards is worked through."""
    written = []
    for number in range(shards):
        part = stored(matrix(WINDOWS_A_SHARD, CONTEXT, FEATURES, seed=number), folder / str(number), WINDOWS_A_SHARD)
        shard = part.shards[0]
        written.append(type(shard)(shard.path, number * WINDOWS_A_SHARD, shard.count, CONTEXT))
    tracemalloc.start()
    known = totals(written, FEATURES)
    live = known.live(-5)
    correlated(written, known, live, 0, FEATURES)
    chooser = Chooser(known, 0, FEATURES, CONTEXT, Wanted(), 0)
    for shard in written:
        chooser.add(shard.read(0, FEATURES))
    chosen = chooser.chosen()
    windows = np.array(
        [[feature, one.window] for feature in range(FEATURES) for one in of_feature(chosen, feature, 32)]
    )
    filled = WindowValues(windows[:, 0], windows[:, 1], 0, CONTEXT)
    for shard in written:
        filled.add(shard.read(0, FEATURES), shard.first, shard.count)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def test_eight_times_the_tokens_need_no_more_memory(tmp_path: Path) -> None:
    peak(tmp_path / "warm", 1)
    few, many = peak(tmp_path / "few", 4), peak(tmp_path / "many", 32)
    assert many < 1.15 * few
