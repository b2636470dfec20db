"""A whole generation: the steps in their order, worker processes, and the finished source put in place.

Everything happens in `{out}/.generating/{model}/{source}` in steps that each end with a rename; a run that is
killed goes on after the last finished step, and readers of `{out}/v1` never see half a source.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from inference_worker.dashboards.attributions import attributions_path, pairs_path
from inference_worker.dashboards.batches import BLOCK
from inference_worker.dashboards.cards import model_card, set_card, skipped_card, source_card, write_labels
from inference_worker.dashboards.encoder import Encoder
from inference_worker.dashboards.generation import Generation, GenerationError
from inference_worker.dashboards.layout import batch_path, write_cards
from inference_worker.dashboards.manifest import LOCK, is_finished, prepare
from inference_worker.dashboards.material import Names
from inference_worker.dashboards.progress import Meter, Report, Step
from inference_worker.dashboards.shards import Shard
from inference_worker.dashboards.statistics import block_rows, totals
from inference_worker.dashboards.steps import Run, steps
from inference_worker.dashboards.work import (
    Job,
    Worker,
    correlation_path,
    load_totals,
    save_totals,
)

_PATIENCE = 5.0


def generate(settings: Generation, report: Report = lambda _: None) -> Path:
    """Make the dashboards of a source; returns its folder. One that is there, made with the same settings, stays.

    Raises:
        GenerationError: a setting that cannot be right, other dashboards that are there, or somebody else at work.
        CorpusError: the corpus cannot be used.
        Unusable: the model or the SAE cannot be loaded.
    """
    settings.check()
    if is_finished(settings) and not settings.work.exists():
        return settings.target
    with _alone(settings):
        if not is_finished(settings):  # somebody else may have made it meanwhile
            _generate(settings, report)
        shutil.rmtree(settings.work)
    return settings.target


def _generate(settings: Generation, report: Report) -> None:
    report(Step("loading the model", 0, 1, "", None))
    encoder = Encoder(
        settings.model,
        settings.models_dir,
        settings.sae,
        settings.source_id,
        device=settings.device,
        dtype=settings.dtype,
    )
    encoder.check()
    report(Step("reading the corpus", 0, 1, "", None))
    manifest = prepare(settings, encoder)
    job = _job(settings, encoder)
    worker = Worker(job)
    with steps(settings, job, encoder) as run:
        _collect(worker.shards, settings, run, report)
        live = _totals(settings, worker.shards, encoder.n_features)
        _correlate(settings, encoder.n_features, run, report)
        if encoder.attributes:
            _attribute(worker.shards, settings, encoder.n_features, run, report)
        _write(settings, encoder.n_features, run, report)
    _finish(settings, encoder, manifest, live)


@contextmanager
def _alone(settings: Generation) -> Iterator[None]:
    """Keep others out of the work folder; the lock is freed when this process dies."""
    settings.work.mkdir(parents=True, exist_ok=True)
    with (settings.work / LOCK).open("w") as file:
        if not _locked(file, _PATIENCE):
            raise GenerationError(f"{settings.model_id}/{settings.source_id} is being made by another process")
        yield


def _locked(file: IO[str], patience: float) -> bool:
    """Whether the lock could be had within so many seconds; a run that was just ended takes a moment to let go."""
    end = time.monotonic() + patience
    while True:
        with suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        if time.monotonic() > end:
            return False
        time.sleep(0.1)


def _job(settings: Generation, encoder: Encoder) -> Job:
    batch = settings.batch_prompts
    return Job(
        folder=settings.work,
        model=settings.model,
        models_dir=settings.models_dir,
        sae=settings.sae,
        names=Names(
            settings.model_id,
            settings.source_id,
            settings.set_name,
            encoder.loaded.hook_name,
            settings.dataset or settings.corpus.name,
        ),
        context=settings.context,
        windows_per_shard=max(1, settings.tokens_per_step // (batch * settings.context)) * batch,
        batch_prompts=batch,
        features_per_batch=settings.features_per_batch,
        wanted=settings.wanted,
        seed=settings.seed,
        device=settings.device,
        dtype=settings.dtype,
        threads=settings.threads or (1 if settings.ray else max(1, (os.cpu_count() or 1) // settings.processes)),
        level=settings.level,
    )


def _collect(shards: Sequence[Shard], settings: Generation, run: Run, report: Report) -> None:
    sizes = {number: shard.count * shard.context for number, shard in enumerate(shards)}
    missing = [number for number, shard in enumerate(shards) if not shard.complete]
    done = sum(sizes.values()) - sum(sizes[number] for number in missing)
    meter = Meter("activations", sum(sizes.values()), "tokens", report, done)
    for tokens in run("collect", [(number,) for number in missing]):
        meter.add(tokens)


def _totals(settings: Generation, shards: Sequence[Shard], n_features: int) -> NDArray[np.bool_]:
    if not (settings.work / "totals.npz").is_file():
        known = totals(shards, n_features)
        save_totals(settings.work, known, known.live(settings.log_sparsity_threshold))
    return load_totals(settings.work)[1]


def _correlate(settings: Generation, n_features: int, run: Run, report: Report) -> None:
    rows = block_rows(n_features)
    blocks = [(first, min(first + rows, n_features)) for first in range(0, n_features, rows)]
    missing = [block for block in blocks if not correlation_path(settings.work, block[0]).is_file()]
    done = n_features - sum(end - first for first, end in missing)
    meter = Meter("correlations", n_features, "features", report, done)
    for features in run("correlate", missing):
        meter.add(features)


def _attribute(shards: Sequence[Shard], settings: Generation, n_features: int, run: Run, report: Report) -> None:
    """Choose examples, and find out which tokens gave them their activations."""
    blocks = [(first, min(first + BLOCK, n_features)) for first in range(0, n_features, BLOCK)]
    missing = [block for block in blocks if not pairs_path(settings.work, block[0]).is_file()]
    done = n_features - sum(end - first for first, end in missing)
    meter = Meter("choosing examples", n_features, "features", report, done)
    for features in run("choose", missing):
        meter.add(features)
    sizes = {number: shard.count * shard.context for number, shard in enumerate(shards)}
    left = [number for number in sizes if not attributions_path(settings.work, number).is_file()]
    done = sum(sizes.values()) - sum(sizes[number] for number in left)
    meter = Meter("attributions", sum(sizes.values()), "tokens", report, done)
    for tokens in run("attribute", [(number,) for number in left]):
        meter.add(tokens)


def _write(settings: Generation, n_features: int, run: Run, report: Report) -> None:
    numbers = range(settings.start_batch, -(-n_features // settings.features_per_batch))
    staged = settings.work / "source"
    missing = [number for number in numbers if not batch_path(staged, "features", number).is_file()]
    done = n_features - min(len(missing) * settings.features_per_batch, n_features)
    meter = Meter("dashboards", n_features, "features", report, done)
    for features in run("write", [(number,) for number in missing]):
        meter.add(features)


def _finish(settings: Generation, encoder: Encoder, manifest: dict[str, Any], live: NDArray[np.bool_]) -> None:
    staged = settings.work / "source"
    counted = load_totals(settings.work)[0].counted
    source = source_card(settings, encoder, manifest, live, counted)
    write_cards(staged, model_card(settings, encoder), set_card(settings, encoder), source)
    write_labels(staged, settings, encoder.labels, live)
    skipped = skipped_card(settings, encoder, live)
    (staged / "skipped_indexes.json").write_text(json.dumps(skipped) + "\n")
    settings.target.parent.mkdir(parents=True, exist_ok=True)
    if settings.target.exists():
        shutil.rmtree(settings.target)
    staged.rename(settings.target)
