"""The work folder of a run: which tokens it is made from, and whether a later run may go on with it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from inference_worker.dashboards.encoder import Encoder
from inference_worker.dashboards.generation import Generation, GenerationError
from inference_worker.dashboards.tokens import windows

FORMAT = 1


def prepare(settings: Generation, encoder: Encoder) -> dict[str, Any]:
    """The manifest of the work folder, made with the windows, or kept from before where it is the same run.

    Raises:
        GenerationError: an unfinished run with other settings is there, or a file is missing.
        CorpusError: the corpus cannot be used.
    """
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
