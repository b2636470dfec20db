"""Training batches: which positions reach the SAE, and shards that arrive while training runs."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch

from demo.activations import ROWS_OF_SHARD, finished_shards, read_shard, shard_path, sink_norm
from demo.batches import Batches

LAYER, WIDTH, CONTEXT = 3, 8, 5


@pytest.fixture
def work(tmp_path: Path) -> Path:
    rows = np.full((2 * ROWS_OF_SHARD, CONTEXT), 20, dtype=np.uint16)
    rows[:, 0] = 1
    rows[:, 2] = 0
    np.save(tmp_path / "rows.npy", rows)
    _write(tmp_path, 0)
    return tmp_path


def _write(work: Path, shard: int) -> None:
    """Residuals whose first entry is 10 x position + shard; the last position is a sink."""
    stream = torch.ones(ROWS_OF_SHARD, CONTEXT - 1, WIDTH)
    stream[..., 0] = 10 * torch.arange(1, CONTEXT) + shard
    stream[:, -1, 1] = 9000.0
    path = shard_path(work, LAYER, shard)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, stream.reshape(-1, WIDTH).bfloat16().view(torch.int16).numpy())


def test_a_shard_is_read_without_its_special_tokens(work: Path) -> None:
    stream = read_shard(work, LAYER, 0, np.load(work / "rows.npy"))
    assert stream.dtype == torch.bfloat16
    assert set(stream[:, 0].tolist()) == {10.0, 30.0, 40.0}


def test_the_sink_norm_is_four_medians(work: Path) -> None:
    median = (30.0**2 + 7) ** 0.5
    assert sink_norm(work, LAYER, np.load(work / "rows.npy")) == pytest.approx(4 * median, abs=0.01)


def test_sinks_and_special_tokens_never_reach_training(work: Path) -> None:
    seen = torch.cat(list(islice(Batches(work, LAYER, 64, sink_norm=200.0), 12)))
    assert set(seen[:, 0].tolist()) == {10.0, 30.0}
    assert seen.dtype == torch.float32


def test_an_epoch_takes_every_counted_token_but_the_last_partial_batch(work: Path) -> None:
    batches = Batches(work, LAYER, 96, sink_norm=200.0)
    stream = iter(batches)
    tokens = 0
    while batches.epochs == 0:
        tokens += len(next(stream))
    tokens -= 96  # the batch that began the second epoch
    assert abs(tokens - 2 * ROWS_OF_SHARD) < 96


def test_a_shard_that_arrives_later_takes_part(work: Path) -> None:
    batches = iter(Batches(work, LAYER, 64, sink_norm=200.0))
    next(batches)
    _write(work, 1)
    seen = torch.cat(list(islice(batches, 30)))
    assert finished_shards(work, LAYER) == [0, 1]
    assert {11.0, 31.0} <= set(seen[:, 0].tolist())


def test_the_same_seed_gives_the_same_batches(work: Path) -> None:
    first, second = (torch.cat(list(islice(Batches(work, LAYER, 64, 200.0, seed=5), 4))) for _ in range(2))
    assert torch.equal(first, second)
