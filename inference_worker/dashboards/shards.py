"""Activations on disk: nonzero values only, sorted by feature, in files of a few thousand tokens each.

A shard is a safetensors file that appears by rename, so that one that exists is complete. Readers take
slices of features; no reader ever holds a whole source.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save_file


@dataclass(frozen=True, slots=True)
class Triples:
    """Nonzero activations sorted by feature, then position; the three arrays are equally long."""

    features: NDArray[np.int64]
    positions: NDArray[np.int64]
    """Of a token among all windows: `window * context + place in the window`."""
    values: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Shard:
    """One file of activations of the windows `[first, first + count)`."""

    path: Path
    first: int
    count: int
    context: int

    @property
    def start(self) -> int:
        """Position of the shard's first token among all windows."""
        return self.first * self.context

    @property
    def complete(self) -> bool:
        """Whether the file is there; it never appears unfinished."""
        return self.path.is_file()

    def write(self, triples: Triples, n_features: int, counted: int) -> None:
        """Store the shard's activations.

        Args:
            triples: sorted by feature and position; positions counted from the shard's first token.
            counted: tokens of the shard that count (see the position mask).
        """
        counts = np.bincount(triples.features, minlength=n_features)
        bounds = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        arrays = {
            "bounds": bounds,  # [n_features + 1]
            "positions": triples.positions.astype(np.uint32),
            "values": triples.values.astype(np.float32),
            "counted": np.array([counted], dtype=np.int64),
        }
        partial = self.path.with_suffix(f".{os.getpid()}")
        save_file(arrays, partial)
        partial.rename(self.path)

    def counted(self) -> int:
        """Tokens of the shard that count."""
        with safe_open(self.path, framework="np") as file:
            return int(file.get_tensor("counted")[0])

    def read(self, first: int, end: int) -> Triples:
        """Activations of the features `[first, end)`, with positions among all windows."""
        with safe_open(self.path, framework="np") as file:
            bounds = file.get_slice("bounds")[first : end + 1]
            if bounds[0] == bounds[-1]:  # an empty slice at the end is an error there
                return Triples(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32))
            positions = file.get_slice("positions")[bounds[0] : bounds[-1]]
            values = file.get_slice("values")[bounds[0] : bounds[-1]]
        features = np.repeat(np.arange(first, end, dtype=np.int64), np.diff(bounds))
        return Triples(features, positions.astype(np.int64) + self.start, values)


def plan(folder: Path, windows: int, context: int, windows_per_shard: int) -> list[Shard]:
    """The shards of a run, in order; the same arguments give the same shards."""
    return [
        Shard(folder / f"shard-{number:06d}.safetensors", first, min(windows_per_shard, windows - first), context)
        for number, first in enumerate(range(0, windows, windows_per_shard))
    ]


def sorted_by_feature(
    features: NDArray[np.int64], positions: NDArray[np.int64], values: NDArray[np.float32]
) -> Triples:
    """Triples that came in order of position, brought into order of feature and position."""
    order = np.argsort(features, kind="stable")
    return Triples(features[order], positions[order], values[order])
