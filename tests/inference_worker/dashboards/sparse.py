"""A small dense activation matrix, and the shards a run would have written of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference_worker.dashboards.shards import Shard, plan, sorted_by_feature
from inference_worker.dashboards.statistics import Totals, totals


@dataclass(frozen=True)
class Sparse:
    """`dense` is `[window, position, feature]`; every position counts but the first of each window."""

    dense: NDArray[np.float32]
    shards: list[Shard]

    @property
    def flat(self) -> NDArray[np.float32]:
        """`[token, feature]`."""
        return self.dense.reshape(-1, self.dense.shape[2])

    @property
    def counted(self) -> int:
        """Tokens that count."""
        return self.dense.shape[0] * (self.dense.shape[1] - 1)

    @property
    def totals(self) -> Totals:
        """As a run computes them."""
        return totals(self.shards, self.dense.shape[2])


def matrix(windows: int = 40, context: int = 16, features: int = 24, seed: int = 0) -> NDArray[np.float32]:
    """Features of very different density; feature 3 never fires, 5 fires once, 7 nearly always."""
    random = np.random.default_rng(seed)
    density = random.uniform(0.01, 0.3, features)
    density[3], density[7] = 0.0, 0.97
    fires = random.random((windows, context, features)) < density
    fires[:, :, 5] = False
    fires[windows // 2, context // 2, 5] = True
    fires[:, 0] = False
    return np.where(fires, random.gamma(2.0, 3.0, fires.shape), 0).astype(np.float32)


def stored(dense: NDArray[np.float32], folder: Path, windows_per_shard: int) -> Sparse:
    """Write the matrix as shards."""
    folder.mkdir(parents=True, exist_ok=True)
    count, context, features = dense.shape
    shards = plan(folder, count, context, windows_per_shard)
    for shard in shards:
        own = dense[shard.first : shard.first + shard.count].reshape(-1, features)
        positions, which = np.nonzero(own)
        triples = sorted_by_feature(which, positions, own[positions, which])
        shard.write(triples, features, shard.count * (context - 1))
    return Sparse(dense, shards)
