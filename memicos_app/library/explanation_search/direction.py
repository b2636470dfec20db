"""Where to look from a vector: away from what all explanations have in common.

All texts of a kind point somewhat the same way, and those that lie close to that middle are near to everything.
Half of the mean of the stored vectors is taken from the query's; the mean is of a sample and kept for a while. After
Mu and Viswanath, "All-but-the-Top: Simple and Effective Postprocessing for Word Representations" (ICLR 2018).
"""

from __future__ import annotations

import json
import time

import numpy as np

from memicos_app.library.embedders import Vectors
from memicos_app.library.query import row

PART = 0.5
_SAMPLE = 5000
_KEPT_S, _KEPT_OF_FEW_S = 600.0, 10.0
"""Seconds that a mean is kept; one of fewer vectors than a sample has is soon another one."""
_means: dict[tuple[int, int], tuple[float, Vectors]] = {}


async def direction(embedder_id: int, vector: Vectors) -> Vectors:
    """The vector `[dimensions]` to look along, of length 1."""
    moved: Vectors = vector - PART * await _mean(embedder_id, len(vector))
    length = float(np.linalg.norm(moved))
    return moved / np.float32(length) if length > 1e-3 else vector


async def _mean(embedder_id: int, dimensions: int) -> Vectors:
    kept = _means.get((embedder_id, dimensions))
    if kept is not None and time.monotonic() < kept[0]:
        return kept[1]
    size = "SELECT greatest(reltuples, 1) AS n FROM pg_class WHERE oid = CAST('explanation_embeddings' AS regclass)"
    found = await row(size)
    share = min(100.0, 100.0 * _SAMPLE / float(found["n"])) if found else 100.0
    sampled = await row(
        f"""
        SELECT CAST(avg(CAST(embedding AS vector({int(dimensions)}))) AS text) AS mean, count(*) AS n
        FROM explanation_embeddings TABLESAMPLE SYSTEM ({share:.4f}) REPEATABLE (0) WHERE embedder_id = :embedder
        """,
        embedder=embedder_id,
    )
    text = sampled["mean"] if sampled else None
    mean: Vectors = np.asarray(json.loads(text), np.float32) if text else np.zeros(dimensions, np.float32)
    lasts = _KEPT_S if sampled and sampled["n"] >= _SAMPLE / 2 else _KEPT_OF_FEW_S
    _means[(embedder_id, dimensions)] = (time.monotonic() + lasts, mean)
    return mean
