"""Vectors laid out on a plane and clustered: a program of its own, because its libraries are compiled when used.

    python -m memicos_app.library.maps.layout FOLDER

reads `vectors.npy` in a folder and writes `points.npz`. Neighbours, which take longest, are kept beside it: a run
that was ended and begins again with the same vectors goes on with them. The same vectors give the same points.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import sys
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

VECTORS, NEIGHBOURS, POINTS = "vectors.npy", "neighbours.npz", "points.npz"
SEED, N_NEIGHBOURS, MIN_DISTANCE = 0, 15, 0.1
FEWEST = 10
"""Fewer points make no map."""
MOST_EXACT = 32_768
"""Up to so many vectors all distances are computed; of more, neighbours are looked for by descent."""
MOST_CLUSTERED = 40_000
"""Of more points, so many drawn at random are clustered and the others go with the nearest of these."""
MANY, LARGEST_SHARE = 1000, 4
"""Of so many points no cluster holds more than one part in four: a map of one cluster says nothing."""
_ROWS = 1024

Tell = Callable[[str, float, float, str], None]
Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]


def lay_out(vectors: Floats, folder: Path, tell: Tell) -> tuple[Floats, npt.NDArray[np.int16]]:
    """Coordinates `[n, 2]` within -1 and 1 and cluster numbers `[n]` (-1: none) of unit vectors `[n, d]`.

    UMAP (McInnes, Healy, Melville 2018) by cosine, then HDBSCAN (Campello, Moulavi, Sander 2013) on the plane.

    Args:
        folder: where neighbours are kept.
        tell: told step, done, total and unit.
    """
    placed = _placed(vectors, folder, tell)
    tell("finding clusters", 0, 1, "")
    centred = placed - (placed.max(axis=0) + placed.min(axis=0)) / 2
    points = (centred / max(float(np.abs(centred).max()), 1e-9)).astype(np.float32)
    clusters = clustered(points)
    tell("finding clusters", 1, 1, "")
    return points, clusters


def neighbours(vectors: Floats, count: int, tell: Tell) -> tuple[Ints, Floats]:
    """The `count` nearest of each unit vector, itself first, and their cosine distances; `[n, count]` each."""
    n = len(vectors)
    indices, distances = np.empty((n, count), np.int32), np.empty((n, count), np.float32)
    for start in range(0, n, _ROWS):
        tell("comparing", start, n, "features")
        alike = vectors[start : start + _ROWS] @ vectors.T
        alike[np.arange(len(alike)), np.arange(start, start + len(alike))] = (
            2  # itself first, whatever is equal to it
        )
        nearest = np.argpartition(-alike, count - 1, axis=1)[:, :count]
        values = np.take_along_axis(alike, nearest, axis=1)
        order = np.lexsort((nearest, -values), axis=1)
        indices[start : start + _ROWS] = np.take_along_axis(nearest, order, axis=1)
        distances[start : start + _ROWS] = 1 - np.take_along_axis(values, order, axis=1)
    return indices, np.clip(distances, 0, 2)


def clustered(points: Floats) -> npt.NDArray[np.int16]:
    """Cluster numbers of points on a plane, the largest cluster first; -1 for points between clusters."""
    from sklearn.cluster import HDBSCAN
    from sklearn.neighbors import KDTree

    n = len(points)
    chosen = np.arange(n)
    if n > MOST_CLUSTERED:
        chosen = np.sort(np.random.default_rng(SEED).permutation(n)[:MOST_CLUSTERED])
    size = max(5, len(chosen) // 250)
    largest = len(chosen) // LARGEST_SHARE if len(chosen) >= MANY else None
    hdbscan = HDBSCAN(min_cluster_size=size, min_samples=min(5, size), max_cluster_size=largest, copy=True)
    labels = hdbscan.fit_predict(points[chosen])
    if n > len(chosen):
        labels = labels[KDTree(points[chosen]).query(points, return_distance=False)[:, 0]]
    found, counts = np.unique(labels[labels >= 0], return_counts=True)
    rank = np.full(int(labels.max(initial=-1)) + 2, -1, np.int16)
    rank[found[np.argsort(-counts, kind="stable")]] = np.arange(len(found))
    ranked: npt.NDArray[np.int16] = rank[labels]
    return ranked


def _placed(vectors: Floats, folder: Path, tell: Tell) -> Floats:
    warnings.simplefilter("ignore")  # of umap: that a fixed seed means one processor
    tell("loading UMAP", 0, 1, "")
    from umap import UMAP

    count = min(N_NEIGHBOURS, len(vectors) - 1)
    known: dict[str, Any] = {}
    if len(vectors) <= MOST_EXACT:
        known["precomputed_knn"] = _kept_neighbours(vectors, count, folder, tell)
    else:
        tell("comparing", 0, 0, "features")
    reducer = UMAP(
        n_neighbors=count,
        min_dist=MIN_DISTANCE,
        metric="cosine",
        random_state=SEED,
        tqdm_kwds={"disable": False, "file": _Epochs(tell), "mininterval": 0.3},
        **known,
    )
    placed: Floats = reducer.fit_transform(vectors)
    return placed


def _kept_neighbours(vectors: Floats, count: int, folder: Path, tell: Tell) -> tuple[Ints, Floats]:
    digest = hashlib.sha256(vectors.tobytes()).hexdigest()
    kept = folder / NEIGHBOURS
    if kept.is_file():
        with np.load(kept) as found:
            if str(found["digest"]) == digest and found["indices"].shape[1] == count:
                return found["indices"], found["distances"]
    indices, distances = neighbours(vectors, count, tell)
    partial = folder / f"partial-{NEIGHBOURS}"
    np.savez(partial, digest=np.asarray(digest), indices=indices, distances=distances)
    partial.replace(kept)
    return indices, distances


class _Epochs:
    """Takes what a progress bar writes and tells the epochs in it."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell

    def write(self, text: str) -> None:
        if found := re.search(r"(\d+)/(\d+)", text):
            self._tell("laying out", int(found[1]), int(found[2]), "epochs")

    def flush(self) -> None:
        """Nothing is held back."""


def _print(step: str, done: float, total: float, unit: str) -> None:
    sys.stdout.write(json.dumps({"stage": step, "done": done, "total": total, "unit": unit}) + "\n")
    sys.stdout.flush()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)


def main() -> None:
    """Lay out what lies in a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--parent", type=int, help="process without which this one ends")
    given = parser.parse_args()
    if given.parent is not None:
        threading.Thread(target=_end_with, args=(given.parent,), daemon=True).start()
    vectors = np.load(given.folder / VECTORS)
    if len(vectors) < FEWEST:
        sys.exit(f"A map needs at least {FEWEST} features, and there are {len(vectors)}.")
    points, clusters = lay_out(vectors, given.folder, _print)
    partial = given.folder / f"partial-{POINTS}"
    np.savez(partial, points=points, clusters=clusters)
    partial.replace(given.folder / POINTS)


if __name__ == "__main__":
    main()
