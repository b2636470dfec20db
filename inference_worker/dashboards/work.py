"""What one process of a run does: fill shards, correlate blocks, write batches; each leaves a file by rename."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from inference_worker.dashboards.attributions import attribute, load_attributions, save_pairs
from inference_worker.dashboards.batches import BLOCK, block_pairs, block_rows
from inference_worker.dashboards.collect import collect
from inference_worker.dashboards.encoder import Encoder
from inference_worker.dashboards.examples import Wanted
from inference_worker.dashboards.layout import Row, batch_path, write_batch
from inference_worker.dashboards.material import Material, Names
from inference_worker.dashboards.shards import Shard, plan
from inference_worker.dashboards.statistics import Correlated, Totals, correlated

_WINDOW_STRINGS_KEPT = 1 << 15


@dataclass(frozen=True, slots=True)
class Job:
    """All that a process has to know; small, and sent to it as it starts."""

    folder: Path
    model: str
    models_dir: Path
    sae: Path
    names: Names
    context: int
    windows_per_shard: int
    batch_prompts: int
    features_per_batch: int
    wanted: Wanted
    seed: int
    device: str
    dtype: str
    threads: int
    level: int

    @property
    def staged(self) -> Path:
        """The source as it will be put in place."""
        return self.folder / "source"


class Worker:
    """The steps of a job; a step can be done again and leaves the same file."""

    def __init__(self, job: Job, encoder: Encoder | None = None) -> None:
        self._job = job
        self._given = encoder

    def collect(self, number: int) -> int:
        """Fill one shard; returns its number of tokens."""
        shard = self.shards[number]
        collect(shard, self._windows, self._encoder, self._job.batch_prompts)
        return shard.count * shard.context

    def correlate(self, first: int, end: int) -> int:
        """Correlations of the features `[first, end)`; returns how many."""
        found = correlated(self.shards, self._known[0], self._known[1], first, end)
        path = correlation_path(self._job.folder, first)
        unfinished = path.with_suffix(f".{os.getpid()}.npz")
        np.savez(unfinished, indices=found.indices, pearson=found.pearson, cosine=found.cosine)
        unfinished.rename(path)
        return end - first

    def choose(self, first: int, end: int) -> int:
        """Choose the examples of the features `[first, end)` that are to be attributed; returns how many features."""
        save_pairs(self._job.folder, first, block_pairs(self._material, first, end))
        return end - first

    def attribute(self, number: int) -> int:
        """Attribute the chosen examples in a shard's windows; returns its number of tokens."""
        shard, job = self.shards[number], self._job
        attribute(job.folder, number, shard, self._windows, self._encoder, job.batch_prompts)
        return shard.count * shard.context

    def write(self, number: int) -> int:
        """Write one batch of features and of their activations; returns how many features it covers."""
        first = number * self._job.features_per_batch
        end = min(first + self._job.features_per_batch, self._encoder.n_features)
        features: list[Row] = []
        activations: list[Row] = []
        for start in range(first, end, BLOCK):
            rows = block_rows(self._material, start, min(start + BLOCK, end))
            features += rows.features
            activations += rows.activations
        # The features' file comes last and says that the batch is complete.
        write_batch(batch_path(self._job.staged, "activations", number), activations, self._job.level)
        write_batch(batch_path(self._job.staged, "features", number), features, self._job.level)
        return end - first

    @cached_property
    def shards(self) -> list[Shard]:
        """The shards of the job."""
        job = self._job
        return plan(job.folder / "shards", len(self._windows), job.context, job.windows_per_shard)

    @cached_property
    def _windows(self) -> NDArray[np.int32]:
        found: NDArray[np.int32] = np.load(self._job.folder / "windows.npy", mmap_mode="r")
        return found

    @cached_property
    def _encoder(self) -> Encoder:
        job = self._job
        return self._given or Encoder(
            job.model, job.models_dir, job.sae, job.names.source_id, device=job.device, dtype=job.dtype
        )

    @cached_property
    def _known(self) -> tuple[Totals, NDArray[np.bool_]]:
        return load_totals(self._job.folder)

    @cached_property
    def _material(self) -> Material:
        job, encoder = self._job, self._encoder
        known, live = self._known

        @lru_cache(maxsize=_WINDOW_STRINGS_KEPT)
        def strings(window: int) -> list[str]:
            return encoder.model.tokenizer.strings(self._windows[window].tolist())

        return Material(
            job.names,
            self.shards,
            job.context,
            known,
            live,
            load_correlated(job.folder),
            encoder.decoder,
            encoder.written,
            encoder.unembed,
            lru_cache(maxsize=None)(encoder.model.tokenizer.label),
            strings,
            np.load(job.folder / "numbers.npy"),
            job.wanted,
            job.seed,
            encoder.vectors,
            encoder.labels,
            partial(load_attributions, job.folder) if encoder.attributes else None,
        )


def save_totals(folder: Path, known: Totals, live: NDArray[np.bool_]) -> None:
    """Keep totals for the other processes and for a resume."""
    unfinished = folder / f"totals.{os.getpid()}.npz"
    np.savez(
        unfinished,
        counted=known.counted,
        nonzero=known.nonzero,
        smallest=known.smallest,
        largest=known.largest,
        total=known.total,
        squares=known.squares,
        live=live,
    )
    unfinished.rename(folder / "totals.npz")


def load_totals(folder: Path) -> tuple[Totals, NDArray[np.bool_]]:
    """Totals and live features as saved."""
    with np.load(folder / "totals.npz") as kept:
        names = ("nonzero", "smallest", "largest", "total", "squares")
        return Totals(int(kept["counted"]), *(kept[name] for name in names)), kept["live"]


def correlation_path(folder: Path, first: int) -> Path:
    """File of the correlations of the block that begins with feature `first`."""
    return folder / "correlations" / f"from-{first:07d}.npz"


def load_correlated(folder: Path) -> Correlated:
    """The correlations of all features, blocks joined."""
    blocks = []
    for path in sorted((folder / "correlations").glob("from-*.npz")):
        if path.stem.removeprefix("from-").isdigit():
            with np.load(path) as kept:
                blocks.append((kept["indices"], kept["pearson"], kept["cosine"]))
    indices, pearson, cosine = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
    return Correlated(indices, pearson, cosine)


def begin(job: Job, encoder: Encoder | None = None, parent: int | None = None) -> None:
    """Make this process a worker, with an encoder that is there; or one of its own, which ends with its `parent`."""
    global _worker
    torch.set_num_threads(job.threads)
    _worker = Worker(job, encoder)
    if parent is not None:
        end_with(parent)


def end_with(parent: int) -> None:
    """End this process as soon as another is its parent than this."""
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def step(name: str, arguments: Sequence[int]) -> int:
    """Do one step in this process."""
    assert _worker is not None
    done: int = getattr(_worker, name)(*arguments)
    return done


_worker: Worker | None = None


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)
