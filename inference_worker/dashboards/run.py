"""A whole generation: settings, work folder, resume, worker processes, and the finished source put in place.

Everything happens in `{out}/.generating/{model}/{source}` in steps that each end with a rename; a run that is
killed goes on after the last finished step, and readers of `{out}/v1` never see half a source.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference_worker.dashboards.batches import Names
from inference_worker.dashboards.encoder import Encoder
from inference_worker.dashboards.examples import Wanted
from inference_worker.dashboards.layout import ModelCard, SetCard, SourceCard, batch_path, write_cards
from inference_worker.dashboards.progress import Meter, Report
from inference_worker.dashboards.shards import Shard
from inference_worker.dashboards.statistics import block_rows, totals
from inference_worker.dashboards.tokens import windows
from inference_worker.dashboards.work import (
    Job,
    Worker,
    begin,
    correlation_path,
    load_totals,
    save_totals,
    step,
)

FORMAT = 1
_MASK = "special token ids and positions with a residual norm above sink_norm do not count"


class GenerationError(ValueError):
    """A run that cannot be done as asked; the message names the setting."""


@dataclass(frozen=True, slots=True)
class Generation:
    """Settings of a run. What is not said here does not change the result."""

    model: str
    """Packaged id, folder, or TransformerLens name."""
    sae: Path
    """Folder in SAELens format."""
    corpus: Path
    """Token rows (.npy), text (.txt) or documents (.jsonl)."""
    out: Path
    """Folder of the dataset; the source appears below `v1/`."""
    model_id: str
    source_id: str
    set_name: str
    models_dir: Path
    dataset: str = ""
    """What the corpus is called; empty: its file name."""
    context: int = 128
    prompts: int = 24_576
    batches: int | None = None
    """Choose prompts among the first `batches * batch_prompts` windows; None: among all."""
    batch_prompts: int = 16
    log_sparsity_threshold: float = -5.0
    features_per_batch: int = 1024
    start_batch: int = 0
    """Batches of features before this one are not made."""
    wanted: Wanted = field(default_factory=Wanted)
    seed: int = 0
    processes: int = 1
    threads: int = 0
    """Torch threads a process; 0: the cores divided among the processes."""
    device: str = "cpu"
    dtype: str = "float32"
    tokens_per_step: int = 1 << 14
    """What a killed run can lose of its activations, about, and what one step holds in memory."""
    restart: bool = False
    """Forget an unfinished run, and replace a finished one."""
    level: int = 6
    """Of gzip."""
    description: str = ""
    """Of the source, for people."""
    evaluation: dict[str, Any] = field(default_factory=dict)
    """Measures of the SAE that go into `source.jsonl`."""
    card: SetCard | None = None
    model_card: ModelCard | None = None

    @property
    def target(self) -> Path:
        """Where the finished source is put."""
        return self.out / "v1" / self.model_id / self.source_id

    @property
    def work(self) -> Path:
        """Where the run works and what a resume goes on from."""
        return self.out / ".generating" / self.model_id / self.source_id


def generate(settings: Generation, report: Report = lambda _: None) -> Path:
    """Make the dashboards of a source; returns its folder.

    Raises:
        GenerationError: a setting that cannot be right, or an unfinished run with other settings.
        CorpusError: the corpus cannot be used.
        Unusable: the model or the SAE cannot be loaded.
    """
    _check(settings)
    encoder = Encoder(
        settings.model,
        settings.models_dir,
        settings.sae,
        settings.source_id,
        device=settings.device,
        dtype=settings.dtype,
    )
    manifest = _prepare(settings, encoder)
    job = _job(settings, encoder)
    worker = Worker(job)
    with _steps(settings, job, encoder) as run:
        _collect(worker.shards, settings, run, report)
        live = _totals(settings, worker.shards, encoder.n_features)
        _correlate(settings, encoder.n_features, run, report)
        _write(settings, encoder.n_features, run, report)
    _finish(settings, encoder, manifest, live)
    return settings.target


Run = Callable[[str, Sequence[tuple[int, ...]]], Iterator[int]]
"""Does steps of a name, each with its arguments, and yields what each returned as it ends."""


def _check(settings: Generation) -> None:
    for name in ("prompts", "batch_prompts", "features_per_batch", "processes"):
        if getattr(settings, name) < 1:
            raise GenerationError(f"{name} must be at least 1")
    if settings.start_batch < 0:
        raise GenerationError("start_batch must not be negative")
    if settings.wanted.top < 1 or settings.wanted.intervals < 1 or settings.wanted.per_interval < 0:
        raise GenerationError("top and intervals must be at least 1, per_interval at least 0")
    if settings.target.exists() and not settings.restart:
        raise GenerationError(f"{settings.target} is there already; restart replaces it")


def _prepare(settings: Generation, encoder: Encoder) -> dict[str, Any]:
    """The work folder with windows and manifest, kept from before where it is the same run."""
    if settings.restart:
        shutil.rmtree(settings.work, ignore_errors=True)
    path = settings.work / "manifest.json"
    key = _key(settings)
    if path.is_file():
        manifest: dict[str, Any] = json.loads(path.read_text())
        different = sorted(name for name in key if manifest["key"].get(name) != key[name])
        if different:
            raise GenerationError(
                f"An unfinished run of {settings.source_id} had other settings ({', '.join(different)}); "
                "repeat it as it was, or restart."
            )
        return manifest
    for folder in ("shards", "correlations", "source"):
        (settings.work / folder).mkdir(parents=True, exist_ok=True)
    manifest = {"key": key, "created_at": datetime.now(UTC).isoformat(timespec="seconds")}
    manifest |= _choose_windows(settings, encoder)
    partial = path.with_suffix(f".{os.getpid()}")
    partial.write_text(json.dumps(manifest, indent=1))
    partial.rename(path)
    return manifest


def _choose_windows(settings: Generation, encoder: Encoder) -> dict[str, Any]:
    pool = None if settings.batches is None else settings.batches * settings.batch_prompts
    found = windows(
        settings.corpus,
        encoder.model.tokenizer.hf,
        context=settings.context,
        prompts=settings.prompts,
        pool=pool,
        seed=settings.seed,
    )
    np.save(settings.work / "windows.npy", found.ids)
    np.save(settings.work / "numbers.npy", found.numbers)
    return {
        "n_prompts": len(found.ids),
        "n_prompts_available": found.available,
        "windows_sha256": hashlib.sha256(found.ids.tobytes()).hexdigest(),
        "bos_id": int(found.ids[0, 0]),
    }


def _key(settings: Generation) -> dict[str, Any]:
    """What has to be the same for a resume: all that changes the result."""
    return {
        "format": FORMAT,
        "model": settings.model,
        "sae_sha256": _sha256(settings.sae / "cfg.json", settings.sae / "sae_weights.safetensors"),
        "corpus_sha256": _sha256(settings.corpus),
        "context": settings.context,
        "prompts": settings.prompts,
        "batches": settings.batches,
        "batch_prompts": settings.batch_prompts,
        "tokens_per_step": settings.tokens_per_step,
        "log_sparsity_threshold": settings.log_sparsity_threshold,
        "features_per_batch": settings.features_per_batch,
        **asdict(settings.wanted),
        "seed": settings.seed,
        "dtype": settings.dtype,
        "set_name": settings.set_name,
    }


def _sha256(*paths: Path) -> str:
    digest = hashlib.sha256()
    for path in paths:
        if not path.is_file():
            raise GenerationError(f"{path}: no such file")
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


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
        threads=settings.threads or max(1, (os.cpu_count() or 1) // settings.processes),
        level=settings.level,
    )


@contextmanager
def _steps(settings: Generation, job: Job, encoder: Encoder) -> Iterator[Run]:
    """Steps done here, or by processes that each hold the model and the SAE."""
    if settings.processes == 1:
        begin(job, encoder)
        yield lambda name, each: (step(name, arguments) for arguments in each)
        return
    context = get_context("spawn")
    with ProcessPoolExecutor(settings.processes, context, initializer=begin, initargs=(job,)) as pool:

        def run(name: str, each: Sequence[tuple[int, ...]]) -> Iterator[int]:
            for done in as_completed([pool.submit(step, name, arguments) for arguments in each]):
                yield done.result()

        yield run


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
    source = _source_card(settings, encoder, manifest, live)
    write_cards(staged, settings.model_card or _model_card(settings, encoder), _set_card(settings), source)
    skipped = {
        "model_id": settings.model_id,
        "layer": str(encoder.loaded.layer),
        "sae_set": settings.set_name,
        "log_sparsity": settings.log_sparsity_threshold,
        "skipped_indexes": np.flatnonzero(~live).tolist(),
    }
    (staged / "skipped_indexes.json").write_text(json.dumps(skipped) + "\n")
    settings.target.parent.mkdir(parents=True, exist_ok=True)
    if settings.target.exists():
        shutil.rmtree(settings.target)
    staged.rename(settings.target)
    shutil.rmtree(settings.work)


def _source_card(
    settings: Generation, encoder: Encoder, manifest: dict[str, Any], live: NDArray[np.bool_]
) -> SourceCard:
    known, _ = load_totals(settings.work)
    made = {
        "created_at": manifest["created_at"],
        "generator": "memicos",
        "format": FORMAT,
        "hook_name": encoder.loaded.hook_name,
        "dtype": settings.dtype,
        "bos": {"id": manifest["bos_id"], "prepended": True, "in_tokens": False},
        "position_mask": _MASK,
        "special_ids": sorted(encoder.model.special_ids),
        "sink_norm": encoder.loaded.sink_norm,
        "logits": "W_dec @ (final_norm_gain * W_U), centred over the vocabulary",
        "correlated_features_l1": "cosine of the two activation vectors",
        "n_prompts": manifest["n_prompts"],
        "n_prompts_available": manifest["n_prompts_available"],
        "n_tokens_in_prompt": settings.context,
        "n_tokens_counted": known.counted,
        "n_features": len(live),
        "n_dashboards": int(live.sum()),
        "windows_sha256": manifest["windows_sha256"],
        **{name: manifest["key"][name] for name in _KEPT},
    }
    return SourceCard(
        settings.model_id,
        settings.source_id,
        settings.set_name,
        json.loads((settings.sae / "cfg.json").read_text()),
        manifest["n_prompts"],
        settings.context,
        settings.dataset or settings.corpus.name,
        len(live),
        settings.description,
        settings.evaluation,
        made,
    )


_KEPT = ("sae_sha256", "seed", "log_sparsity_threshold", "top", "intervals", "per_interval")


def _set_card(settings: Generation) -> SetCard:
    return settings.card or SetCard(settings.set_name)


def _model_card(settings: Generation, encoder: Encoder) -> ModelCard:
    config = encoder.model.bridge.cfg
    name = settings.model_id
    return ModelCard(
        name,
        name,
        "",
        encoder.model.n_layers,
        encoder.model.d_model,
        int(config.d_mlp),
        instruct=encoder.model.tokenizer.hf.chat_template is not None,
    )
