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
LOCK = "lock"
FOLDERS = ("shards", "correlations", "source")
_BEFORE = {"column": ""}
"""Settings that came later, as they were before."""
_NEW = {"corpus_sha256"}
"""What the first sources did not say of themselves."""


def is_finished(settings: Generation) -> bool:
    """Whether the source is there already, made with the same settings.

    Raises:
        GenerationError: it is there, made with others, or nobody knows with which; or a file is missing.
    """
    if settings.restart or not settings.target.exists():
        return False
    made = _made(settings.target / "generation.json")
    different = _different(key(settings), made)
    if different and (settings.replace or (settings.work / "manifest.json").is_file()):
        return False
    if different:
        known = f"made with other settings ({', '.join(different)})" if made.keys() & _NEW else "made before"
        raise GenerationError(f"{settings.target} is there already, {known}; --replace makes it anew")
    return True


def prepare(settings: Generation, encoder: Encoder) -> dict[str, Any]:
    """The manifest of the work folder, made with the windows, or kept from before where it is the same run.

    Raises:
        GenerationError: an unfinished run with other settings is there, or a file is missing.
        CorpusError: the corpus cannot be used.
    """
    path = settings.work / "manifest.json"
    wanted = key(settings)
    if settings.restart:
        _clear(settings)
    if path.is_file():
        manifest: dict[str, Any] = json.loads(path.read_text())
        different = _different(wanted, manifest["key"])
        if not different:
            return manifest
        if not settings.replace:
            raise GenerationError(
                f"An unfinished run of {settings.source_id} had other settings ({', '.join(different)}); "
                "repeat it as it was, or restart."
            )
        _clear(settings)
    for folder in FOLDERS:
        (settings.work / folder).mkdir(parents=True, exist_ok=True)
    manifest = {"key": wanted, "created_at": datetime.now(UTC).isoformat(timespec="seconds")}
    manifest |= _choose_windows(settings, encoder)
    partial = path.with_suffix(f".{os.getpid()}")
    partial.write_text(json.dumps(manifest, indent=1))
    partial.rename(path)
    return manifest


def _clear(settings: Generation) -> None:
    """Empty the work folder, but for the lock that is held."""
    for one in settings.work.glob("*"):
        if one.is_dir():
            shutil.rmtree(one, ignore_errors=True)
        elif one.name != LOCK:
            one.unlink()


def _different(wanted: dict[str, Any], made: dict[str, Any]) -> list[str]:
    return sorted(name for name in wanted if made.get(name, _BEFORE.get(name)) != wanted[name])


def _made(path: Path) -> dict[str, Any]:
    """The settings that a finished source was made with, as far as it says."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _choose_windows(settings: Generation, encoder: Encoder) -> dict[str, Any]:
    pool = None if settings.batches is None else settings.batches * settings.batch_prompts
    found = windows(
        settings.corpus,
        encoder.model.tokenizer.hf,
        context=settings.context,
        prompts=settings.prompts,
        pool=pool,
        seed=settings.seed,
        column=settings.column,
    )
    np.save(settings.work / "windows.npy", found.ids)
    np.save(settings.work / "numbers.npy", found.numbers)
    return {
        "n_prompts": len(found.ids),
        "n_prompts_available": found.available,
        "windows_sha256": hashlib.sha256(found.ids.tobytes()).hexdigest(),
        "bos_id": int(found.ids[0, 0]),
    }


def key(settings: Generation) -> dict[str, Any]:
    """What has to be the same for a resume: all that changes the result."""
    return {
        "format": FORMAT,
        "weights": settings.model,
        "sae_sha256": _sha256(settings.sae / "cfg.json", settings.sae / "sae_weights.safetensors"),
        "corpus_sha256": _sha256(settings.corpus),
        "column": settings.column,
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
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
