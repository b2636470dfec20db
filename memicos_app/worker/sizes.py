"""What a worker takes in memory: measured while it runs, guessed from its model's files before."""

from __future__ import annotations

import json
from pathlib import Path

import psutil

from memicos_app.settings import Settings

_PROGRAM = 800_000_000
"""Bytes of a worker without a model: torch and its friends."""
_PACKED = 2.0
"""Times the weights in float32 on a processor, where they are packed beside those in the file."""


def memory_of(pid: int | None) -> int:
    """Bytes of a process that are its own; 0: it does not run."""
    try:
        return int(psutil.Process(pid).memory_info().rss) if pid else 0
    except psutil.Error:
        return 0


def worker_size(settings: Settings) -> int | None:
    """Bytes that a worker of these settings will take; None: its weights are not on this machine, so nobody knows."""
    places = (Path(settings.weights_id).expanduser(), settings.models_dir / settings.weights_id)
    files = [file for place in places if place.is_dir() for file in place.glob("*.safetensors")]
    if not files:
        return None
    packed = settings.model_dtype == "float32" and settings.device in ("cpu", "auto")
    weights = sum(_size_of_file(file, settings.model_dtype) for file in files)
    return _PROGRAM + int(weights * (_PACKED if packed else 1.0))


def _size_of_file(file: Path, dtype: str) -> int:
    """Bytes of a file's weights in a precision, from its header."""
    stored = file.stat().st_size
    with file.open("rb") as opened:
        header = json.loads(opened.read(int.from_bytes(opened.read(8), "little")))
    narrow = any(one.get("dtype") in ("BF16", "F16") for one in header.values() if isinstance(one, dict))
    if dtype == "auto" or narrow == (dtype != "float32"):
        return stored
    return stored * 2 if narrow else stored // 2
