"""Which tokens gave a feature of attention heads its activation: pairs chosen, attributed, kept in files.

Direct feature attribution needs values and patterns of the heads, which are too large to keep for all tokens. So the
examples are chosen first, then the model runs once more over the windows that they are in.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from inference_worker.dashboards.encoder import Encoder
from inference_worker.dashboards.shards import Shard


@dataclass(frozen=True, slots=True)
class Pairs:
    """Features, the windows they show, and the token that each is attributed at: `[n]` each."""

    features: NDArray[np.int64]
    windows: NDArray[np.int64]
    targets: NDArray[np.int64]
    """Place in the window, BOS included."""


@dataclass(frozen=True, slots=True)
class Attributions:
    """What each token gave, `[n, context]`, sorted by feature and window."""

    features: NDArray[np.int64]
    windows: NDArray[np.int64]
    values: NDArray[np.float32]

    def by_pair(self) -> dict[tuple[int, int], NDArray[np.float32]]:
        """The values of a feature in a window."""
        keys = zip(self.features.tolist(), self.windows.tolist(), strict=True)
        return dict(zip(keys, self.values, strict=True))


def save_pairs(folder: Path, first: int, pairs: Pairs) -> None:
    """Keep the pairs of the block that begins with feature `first`."""
    _save(pairs_path(folder, first), features=pairs.features, windows=pairs.windows, targets=pairs.targets)


def pairs_path(folder: Path, first: int) -> Path:
    """File of a block's pairs."""
    return folder / "pairs" / f"from-{first:07d}.npz"


def attributions_path(folder: Path, number: int) -> Path:
    """File of a shard's attributions."""
    return folder / "attributions" / f"shard-{number:06d}.npz"


def load_pairs(folder: Path) -> Pairs:
    """All pairs, sorted by window and feature."""
    parts = _loaded(sorted((folder / "pairs").glob("from-???????.npz")), ("features", "windows", "targets"))
    order = np.lexsort((parts["features"], parts["windows"]))
    return Pairs(parts["features"][order], parts["windows"][order], parts["targets"][order])


def load_attributions(folder: Path, first: int, end: int) -> Attributions:
    """The attributions of the features `[first, end)`, from all shards."""
    paths = sorted((folder / "attributions").glob("shard-??????.npz"))
    parts = _loaded(paths, ("features", "windows", "values"), first, end)
    return Attributions(parts["features"], parts["windows"], parts["values"])


def attribute(
    folder: Path, number: int, shard: Shard, windows: NDArray[np.int32], encoder: Encoder, batch: int
) -> int:
    """Run the model over a shard's windows that any feature shows; returns how many pairs there are.

    Args:
        windows: all windows of the run, `[n, context]`.
        batch: windows a forward pass.
    """
    pairs = load_pairs(folder)
    start, end = np.searchsorted(pairs.windows, [shard.first, shard.first + shard.count])
    shown = np.unique(pairs.windows[start:end])
    values = np.zeros((end - start, shard.context), dtype=np.float32)
    for first in range(0, len(shown), batch):
        own = shown[first : first + batch]
        bounds = np.searchsorted(pairs.windows, [own, own + 1]).T  # [window, 2]
        wanted = [
            (torch.from_numpy(pairs.features[low:high]), torch.from_numpy(pairs.targets[low:high]))
            for low, high in bounds
        ]
        found = encoder.attributions(torch.from_numpy(windows[own].astype(np.int64)), wanted)
        for (low, high), row in zip(bounds - start, found, strict=True):
            values[low:high] = row.float().numpy()
    order = np.lexsort((pairs.windows[start:end], pairs.features[start:end]))
    _save(
        attributions_path(folder, number),
        features=pairs.features[start:end][order],
        windows=pairs.windows[start:end][order],
        values=values[order],
    )
    return int(end - start)


def _loaded(
    paths: Sequence[Path], names: Iterable[str], first: int = 0, end: int | None = None
) -> dict[str, NDArray[Any]]:
    """Arrays of several files joined, those of the features `[first, end)`."""
    found: dict[str, list[NDArray[Any]]] = {name: [] for name in names}
    for path in paths:
        with np.load(path) as kept:
            features = kept["features"]
            own = features >= first if end is None else (features >= first) & (features < end)
            for name, parts in found.items():
                parts.append(kept[name][own])
    return {name: np.concatenate(parts) for name, parts in found.items()}


def _save(path: Path, **arrays: Any) -> None:
    path.parent.mkdir(exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}.npz")
    np.savez(partial, **arrays)
    partial.rename(path)
