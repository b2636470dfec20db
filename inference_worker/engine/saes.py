"""SAE folders in SAELens's format, loaded when first asked for: `{folder}/{model}/{source}/`.

Only safetensors are read. A folder with pickled weights is refused: unpickling runs what it holds.
"""

from __future__ import annotations

import json
import re
import warnings
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError

from inference_worker.engine.errors import Unknown, Unusable

CONFIG, WEIGHTS = "cfg.json", "sae_weights.safetensors"
_PICKLES = ("*.pt", "*.pth", "*.bin", "*.pkl", "*.pickle", "*.ckpt")
_SOURCE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True)
class LoadedSae:
    """An SAE in float32 with what its configuration says of where and how it is used."""

    source_id: str
    sae: Any
    hook_name: str
    """Where it reads."""
    steer_hook_name: str
    """Where it writes: the same place, but for transcoders."""
    d_in: int
    d_sae: int
    sink_norm: float | None
    """Residual norm above which a position does not count; None: the SAE has no such rule."""

    @property
    def layer(self) -> int | None:
        """The block that the hook point belongs to."""
        found = re.match(r"blocks\.(\d+)\.", self.hook_name)
        return int(found[1]) if found else None

    def direction(self, index: int) -> torch.Tensor:
        """What steering with a feature adds: its decoder row `[d_model]`, as stored.

        Raises:
            Unknown: the SAE has no such feature.
        """
        self.require(index)
        row: torch.Tensor = self.sae.W_dec[index].detach()
        return row

    def require(self, index: int) -> None:
        """Raises `Unknown` for an index outside the SAE."""
        if not 0 <= index < self.d_sae:
            raise Unknown(f"{self.source_id} has features 0 to {self.d_sae - 1}, not {index}.", field="index")


def load_sae(folder: Path, source_id: str, *, device: str = "cpu") -> LoadedSae:
    """Read one SAELens folder; weights of any precision become float32.

    Raises:
        Unusable: the folder is no SAELens folder, holds pickles only, or lacks what is needed.
    """
    _require_safe(folder, source_id)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about SAELens's own imports, and how the model was loaded for training
            from sae_lens import SAE

            sae = SAE.load_from_disk(folder, device=device, dtype="float32")
    except (SafetensorError, KeyError, ValueError, RuntimeError, TypeError, OSError) as error:
        raise Unusable(f"The SAE {source_id} cannot be read: {error}") from error
    sae.requires_grad_(False)
    metadata = sae.cfg.metadata
    hook_name = metadata.get("hook_name")
    if not hook_name:
        raise Unusable(f"The SAE {source_id} does not say its hook_name in {CONFIG}.")
    sink_norm = metadata.get("sink_norm")
    return LoadedSae(
        source_id,
        sae.eval(),
        str(hook_name),
        str(metadata.get("hook_name_out") or hook_name),
        int(sae.cfg.d_in),
        int(sae.cfg.d_sae),
        None if sink_norm is None else float(sink_norm),
    )


class SaeShelf:
    """The SAEs of one model: which there are, and those in use, the least recently used put back first.

    Args:
        folders: places that hold `{model}/{source}/`, the first that has a source wins.
        model: name of the model.
        d_model: width that a residual SAE has to have.
        sets: source sets that are served; empty: all.
        capacity: SAEs kept in memory.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        model: str,
        d_model: int,
        *,
        sets: Sequence[str] = (),
        device: str = "cpu",
        capacity: int = 8,
    ) -> None:
        self._folders, self._model, self._d_model = list(folders), model, d_model
        self._sets, self._device, self._capacity = frozenset(sets), device, capacity
        self._loaded: OrderedDict[str, LoadedSae] = OrderedDict()

    def sources(self) -> list[str]:
        """Ids of the sources that can be served, by layer."""
        found = {
            path.parent.name
            for folder in self._folders
            for path in (folder / self._model).glob(f"*/{CONFIG}")
            if self._is_served(path.parent.name)
        }
        return sorted(found, key=_by_layer)

    def get(self, source_id: str) -> LoadedSae:
        """The SAE of a source.

        Raises:
            Unknown: there is none of this id here.
            Unusable: it is here and cannot be used; the sentence says why.
        """
        if source_id not in self._loaded:
            self._loaded[source_id] = self._load(source_id)
            while len(self._loaded) > self._capacity:
                self._loaded.popitem(last=False)
        self._loaded.move_to_end(source_id)
        return self._loaded[source_id]

    def _load(self, source_id: str) -> LoadedSae:
        loaded = load_sae(self._folder(source_id), source_id, device=self._device)
        if "hook_resid" in loaded.hook_name and loaded.d_in != self._d_model:
            raise Unusable(
                f"The SAE {source_id} reads {loaded.d_in} dimensions, but {self._model} has {self._d_model}: "
                "it was trained on another model."
            )
        return loaded

    def _folder(self, source_id: str) -> Path:
        if _SOURCE_ID.fullmatch(source_id) and self._is_served(source_id):
            for folder in self._folders:
                if (folder / self._model / source_id).is_dir():
                    return folder / self._model / source_id
        raise Unknown(f"There is no SAE {source_id} for {self._model} here.", field="source")

    def _is_served(self, source_id: str) -> bool:
        return not self._sets or set_name(source_id) in self._sets


def set_name(source_id: str) -> str:
    """The source set of a source id: `res-4k` of `15-res-4k` and of `15-res-4k__l0-30`."""
    return source_id.partition("-")[2].partition("__")[0]


def _require_safe(folder: Path, source_id: str) -> None:
    if not (folder / WEIGHTS).is_file():
        pickles = [path.name for pattern in _PICKLES for path in folder.glob(pattern)]
        if pickles:
            raise Unusable(
                f"The SAE {source_id} has its weights in {pickles[0]}, a pickle, which could run code when read. "
                f"Save it as {WEIGHTS}."
            )
        raise Unusable(f"The SAE {source_id} has no {WEIGHTS}.")
    try:
        json.loads((folder / CONFIG).read_text())
    except (OSError, ValueError) as error:
        raise Unusable(f"The SAE {source_id} has no readable {CONFIG}: {error}") from error


def _by_layer(source_id: str) -> tuple[int, str]:
    layer = source_id.partition("-")[0]
    return (int(layer) if layer.isdigit() else 10_000, source_id)
