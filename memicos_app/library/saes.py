"""SAE weights that lie on this machine in SAELens format: which there are and what their configuration says."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from memicos_app.library.datasets.layout import layer_and_set
from memicos_app.settings import get_settings

EVALUATION_KEYS = ("tokens", "explained_variance", "l0", "dead_share", "loss_recovered")


@dataclass(frozen=True, slots=True)
class LocalSae:
    """One SAE folder, `{model}/{source}/` with `cfg.json`."""

    model_id: str
    source_id: str
    folder: Path
    config: dict[str, Any]

    @property
    def set_name(self) -> str:
        """Name of the source set, from the source id."""
        return layer_and_set(self.source_id)[1]

    @property
    def layer(self) -> int:
        """Layer, from the source id."""
        return layer_and_set(self.source_id)[0]

    @property
    def n_features(self) -> int:
        """Features the SAE has."""
        return int(self.config.get("d_sae") or 0)

    @property
    def hook_name(self) -> str:
        """Hook point it reads."""
        return hook_name(self.config)

    @property
    def evaluation(self) -> dict[str, Any]:
        """Measures of how good it is, where known: in the configuration, or in `evaluation.json` beside it."""
        return {**evaluation(self.config), **read_measures(self.folder)}


def local_saes(folders: Iterable[Path] | None = None) -> list[LocalSae]:
    """SAEs under the configured folders; where two hold the same source, the first counts."""
    settings = get_settings()
    found: dict[tuple[str, str], LocalSae] = {}
    for root in folders if folders is not None else (settings.sae_dir, settings.user_saes_dir):
        for file in sorted(root.glob("*/*/cfg.json")):
            folder = file.parent
            name = (folder.parent.name, folder.name)
            config = _read(file, file.stat().st_mtime_ns)
            if config and name not in found:
                found[name] = LocalSae(*name, folder, config)
    return sorted(found.values(), key=lambda one: (one.model_id, one.set_name, one.layer, one.source_id))


def hook_name(config: dict[str, Any]) -> str:
    """The hook point a SAELens configuration names, at its top level or in its metadata."""
    metadata = config.get("metadata") or {}
    return str(config.get("hook_name") or metadata.get("hook_name") or "")


def evaluation(config: dict[str, Any]) -> dict[str, Any]:
    """The measures that a SAELens configuration's metadata carries, under our names."""
    metadata = config.get("metadata") or {}
    stored = metadata.get("evaluation")
    return measures({**metadata, **(stored if isinstance(stored, dict) else {})})


def measures(report: dict[str, Any]) -> dict[str, Any]:
    """Our measures out of an evaluation report; those on held-out text stand under `heldout`."""
    heldout = report.get("heldout")
    flat = {**report, **(heldout if isinstance(heldout, dict) else {})}
    if "training_tokens" in report:
        flat["tokens"] = report["training_tokens"]
    return {key: flat[key] for key in EVALUATION_KEYS if isinstance(flat.get(key), int | float)}


def read_measures(folder: Path) -> dict[str, Any]:
    """Our measures out of `evaluation.json` in a folder; nothing where there is none."""
    file = folder / "evaluation.json"
    return measures(_read(file, file.stat().st_mtime_ns)) if file.is_file() else {}


@lru_cache(maxsize=512)
def _read(file: Path, changed_ns: int) -> dict[str, Any]:
    try:
        config = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return config if isinstance(config, dict) else {}
