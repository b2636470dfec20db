"""Training batches from cached residuals: shards in random order, tokens mixed over several shards at a time."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from demo.activations import finished_shards, read_shard

SHARDS_MIXED = 8
_PATIENCE_S = 600.0
_LOOK_AGAIN_S = 5.0


class NothingCached(RuntimeError):
    """No activations of the layer are on disk, and none arrived within ten minutes."""


@dataclass
class Batches:
    """Endless fp32 batches `[size, d_in]` of one layer, attention sinks and special tokens left out.

    Shards that arrive during an epoch take part in it, so training can begin while caching goes on.
    """

    work: Path
    layer: int
    size: int
    sink_norm: float
    seed: int = 0
    epochs: int = 0

    def __iter__(self) -> Iterator[torch.Tensor]:
        rows = np.load(self.work / "rows.npy")
        lots = random.Random(self.seed)
        used: set[int] = set()
        while True:
            fresh = [shard for shard in self._arrived() if shard not in used]
            if not fresh:
                used.clear()
                self.epochs += 1
                continue
            chosen = lots.sample(fresh, min(SHARDS_MIXED, len(fresh)))
            used.update(chosen)
            pool = torch.cat([read_shard(self.work, self.layer, shard, rows) for shard in chosen])
            yield from self._mixed(pool, lots.randrange(2**31))

    def _arrived(self) -> list[int]:
        deadline = time.monotonic() + _PATIENCE_S
        while not (shards := finished_shards(self.work, self.layer)):
            if time.monotonic() > deadline:
                raise NothingCached(f"Run `python -m demo.activations --layers {self.layer}` first.")
            time.sleep(_LOOK_AGAIN_S)
        return shards

    def _mixed(self, pool: torch.Tensor, seed: int) -> Iterator[torch.Tensor]:
        order = torch.randperm(len(pool), generator=torch.Generator().manual_seed(seed))
        for chosen in torch.split(order, self.size)[: len(pool) // self.size]:
            batch = pool[chosen].float()
            ordinary = batch.norm(dim=1) <= self.sink_norm
            yield batch[ordinary]
