"""Steering vectors that somebody brings, made into a folder that is served and browsed like an SAE.

One source is a set of vectors at one hook point. Files: safetensors (each tensor a vector or rows of them, by name),
.npy (`[n, d]` or `[d]`), .json (a list of `{label, vector}`, or `{label: vector}`), or a folder of such files.
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from memicos_app.library.errors import BadInputError
from memicos_app.library.sae_folders import CONFIG, PICKLES, WEIGHTS
from memicos_app.settings import get_settings

ARCHITECTURE = "vectors"
SUFFIXES = (".safetensors", ".npy", ".json")
LARGEST = 1e6
"""Of one number; beyond it a model in half precision overflows."""


@dataclass(frozen=True, slots=True)
class VectorFile:
    """Vectors with their names."""

    labels: list[str]
    vectors: NDArray[np.float32]  # [n, d]


def is_vectors(path: Path) -> bool:
    """Whether a path is a file of vectors, or a folder of such files and no SAE."""
    if path.is_dir():
        return not (path / CONFIG).is_file() and any(_files(path))
    return path.suffix in SUFFIXES and path.is_file()


def read_vectors(path: Path) -> VectorFile:
    """The vectors of a file, or of a folder's files by name.

    Raises:
        BadInputError: a file cannot be read, a vector is zero, not finite, or of another length than the others.
    """
    found = [one for file in (_files(path) if path.is_dir() else [path]) for one in _read(file)]
    if not found:
        raise BadInputError(f"{path} holds no vectors.", field="sae")
    lengths = {len(vector) for _, vector in found}
    if len(lengths) > 1:
        raise BadInputError(f"The vectors of {path} have different lengths: {sorted(lengths)}.", field="sae")
    for label, vector in found:
        if not np.isfinite(vector).all() or np.abs(vector).max(initial=0) > LARGEST:
            raise BadInputError(f"The vector “{label}” holds what is no number or beyond {LARGEST:g}.", field="sae")
        if not vector.any():
            raise BadInputError(f"The vector “{label}” is zero: it points nowhere.", field="sae")
    return VectorFile([label for label, _ in found], np.stack([vector for _, vector in found]).astype(np.float32))


def as_folder(path: Path, hook: str) -> Path:
    """The vectors as a folder with configuration and weights, the same for the same vectors; made once.

    Raises:
        BadInputError: the vectors cannot be used, or the hook point is not said.
    """
    if not hook:
        raise BadInputError("Say the hook point of the vectors, such as blocks.5.hook_resid_post.", field="hook")
    found = read_vectors(path)
    config = {
        "architecture": ARCHITECTURE,
        "d_in": found.vectors.shape[1],
        "d_sae": len(found.labels),
        "dtype": "float32",
        "labels": found.labels,
        "metadata": {"hook_name": hook},
    }
    text = json.dumps(config, indent=1, ensure_ascii=False)
    name = sha256(text.encode() + found.vectors.tobytes()).hexdigest()[:24]
    folder = get_settings().data_dir / "vectors" / name
    if not (folder / CONFIG).is_file():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        save_file({"W_dec": found.vectors}, folder / WEIGHTS)
        (folder / CONFIG).write_text(text, "utf-8")
    return folder


def _files(folder: Path) -> Iterator[Path]:
    return (one for one in sorted(folder.iterdir()) if one.suffix in SUFFIXES and one.is_file())


def _read(file: Path) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Labels and vectors of one file; rows of one tensor are numbered."""
    if file.suffix in PICKLES:
        raise BadInputError(f"{file.name} is a pickle, which could run code when read.", field="sae")
    if file.suffix not in SUFFIXES:
        raise BadInputError(f"{file.name}: vectors are {', '.join(SUFFIXES)} files.", field="sae")
    try:
        for name, values in _tensors(file):
            rows = np.asarray(values, dtype=np.float32)
            if rows.ndim not in (1, 2):
                raise ValueError(f"“{name}” has {rows.ndim} dimensions, not one vector or rows of them")
            if rows.ndim == 1:
                yield name, rows
                continue
            digits = max(1, math.ceil(math.log10(max(len(rows), 2))))
            yield from ((f"{name} {number:0{digits}d}", row) for number, row in enumerate(rows))
    except (OSError, ValueError, TypeError, KeyError, SafetensorError) as error:
        raise BadInputError(f"{file} cannot be read: {error}.", field="sae") from error


def _tensors(file: Path) -> Iterator[tuple[str, Any]]:
    if file.suffix == ".safetensors":
        yield from sorted(load_file(file).items())
    elif file.suffix == ".npy":
        yield file.stem, np.load(file, allow_pickle=False)
    else:
        found = json.loads(file.read_text("utf-8"))
        if isinstance(found, dict):
            yield from ((str(label), vector) for label, vector in found.items())
        else:
            yield from ((str(one.get("label") or file.stem), one["vector"]) for one in found)
