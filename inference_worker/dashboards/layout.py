"""The public dataset layout: `v1/{model}/{source}/` with JSON lines about the source and gzipped batches of rows.

Names of fields are those of the public exports. The same run gives the same bytes: no dates in rows, no time
stamp in gzip headers, values of four significant digits.
"""

from __future__ import annotations

import gzip
import io
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

CREATOR = "memicos"
_DIGITS = 4
_SHARE_DIGITS = 6

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What the layout says of a model."""

    id: str
    display_name: str
    owner: str
    layers: int
    dimension: int | None
    neurons_per_layer: int
    instruct: bool
    website: str = ""

    def row(self) -> Row:
        """The line of `model.jsonl`."""
        return {
            "id": self.id,
            "displayNameShort": self.display_name,
            "displayName": self.display_name,
            "creatorId": CREATOR,
            "tlensId": None,
            "dimension": self.dimension,
            "thinking": False,
            "visibility": "PUBLIC",
            "defaultSourceSetName": None,
            "defaultSourceId": None,
            "inferenceEnabled": True,
            "instruct": self.instruct,
            "layers": self.layers,
            "neuronsPerLayer": self.neurons_per_layer,
            "owner": self.owner,
            "website": self.website,
        }


@dataclass(frozen=True, slots=True)
class SetCard:
    """What the layout says of a source set and of the release it belongs to."""

    name: str
    description: str = ""
    kind: str = "Residual stream"
    creator: str = "MemicOS"
    release: str = ""
    """Name of the release; empty: the set's own name."""
    release_description: str = ""
    urls: tuple[str, ...] = ()
    show_dfa: bool = False

    @property
    def release_name(self) -> str:
        """Name of the release."""
        return self.release or self.name

    def release_row(self) -> Row:
        """The line of `release.jsonl`."""
        text = self.release_description or self.description or self.release_name
        return {
            "name": self.release_name,
            "visibility": "PUBLIC",
            "isNewUi": False,
            "featured": True,
            "description": text,
            "descriptionShort": text,
            "urls": list(self.urls),
            "creatorEmail": None,
            "creatorName": self.creator,
            "creatorNameShort": self.creator,
            "creatorId": CREATOR,
            "defaultSourceSetName": None,
            "defaultSourceId": None,
            "defaultUmapSourceIds": [],
        }

    def set_row(self, model_id: str) -> Row:
        """The line of `sourceset.jsonl`."""
        return {
            "modelId": model_id,
            "name": self.name,
            "hasDashboards": True,
            "allowInferenceSearch": True,
            "visibility": "PUBLIC",
            "description": self.description or self.name,
            "type": self.kind,
            "creatorName": self.creator,
            "urls": list(self.urls),
            "creatorEmail": None,
            "creatorId": CREATOR,
            "releaseName": self.release_name,
            "hasGraphs": False,
            "defaultRange": 1,
            "defaultShowBreaks": True,
            "showDfa": self.show_dfa,
            "showCorrelated": True,
            "showHeadAttribution": False,
            "showUmap": False,
        }


@dataclass(frozen=True, slots=True)
class SourceCard:
    """What the layout says of a source, and how its numbers were made."""

    model_id: str
    id: str
    set_name: str
    saelens_config: Row
    prompts: int
    tokens_in_prompt: int
    dataset: str
    n_features: int
    """Of the SAE, skipped ones included."""
    description: str = ""
    evaluation: Row = field(default_factory=dict)
    """Measures of the SAE: tokens, explained_variance, l0, dead_share, loss_recovered where known."""
    made: Row = field(default_factory=dict)
    """Goes to `generation.json`: mask rule, BOS, dtype, seed, counts."""

    def row(self) -> Row:
        """The line of `source.jsonl`."""
        return {
            "id": self.id,
            "modelId": self.model_id,
            "setName": self.set_name,
            "hasDashboards": True,
            "inferenceEnabled": True,
            "saelensConfig": self.saelens_config,
            "saelensRelease": None,
            "saelensSaeId": None,
            "hfRepoId": None,
            "hfFolderId": None,
            "visibility": "PUBLIC",
            "creatorId": CREATOR,
            "hasUmap": False,
            "hasUmapLogSparsity": False,
            "hasUmapClusters": False,
            "num_prompts": self.prompts,
            "num_tokens_in_prompt": self.tokens_in_prompt,
            "dataset": self.dataset,
            "notes": None,
            "cosSimMatchModelId": None,
            "cosSimMatchSourceId": None,
            "nFeatures": self.n_features,
            "description": self.description,
            "evaluation": self.evaluation,
        }


def write_cards(folder: Path, model: ModelCard, source_set: SetCard, source: SourceCard) -> None:
    """Write the four JSONL files about a source and `generation.json`."""
    rows = {
        "release": source_set.release_row(),
        "model": model.row(),
        "sourceset": source_set.set_row(model.id),
        "source": source.row(),
    }
    for name, row in rows.items():
        (folder / f"{name}.jsonl").write_bytes(_line(row))
    made = orjson.dumps(source.made, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY)
    (folder / "generation.json").write_bytes(made + b"\n")


def batch_path(folder: Path, kind: str, number: int) -> Path:
    """`{kind}/batch-{number}.jsonl.gz`; kind is features or activations."""
    return folder / kind / f"batch-{number}.jsonl.gz"


def write_batch(path: Path, rows: Iterable[Row], level: int = 6) -> None:
    """Write rows as gzipped JSON lines; the file appears by rename, complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    with (
        partial.open("wb") as raw,
        gzip.GzipFile("", "wb", level, raw, mtime=0) as packed,
        io.BufferedWriter(packed, 1 << 20) as lines,
    ):
        for row in rows:
            lines.write(_line(row))
    partial.rename(path)


def activation_id(model_id: str, source_id: str, index: int, place: int) -> str:
    """Id of the example at a place in its feature's list: the same in every run, and next to nothing when packed."""
    return f"{model_id}-{source_id}-{index}-{place}"


def rounded(values: NDArray[np.floating] | float, digits: int = _DIGITS) -> Any:
    """Values of so many significant digits, as plain floats (nested like the array)."""
    exact = np.asarray(values, dtype=np.float64)
    safe = np.where(exact == 0, 1.0, np.abs(exact))
    places = digits - 1 - np.floor(np.log10(safe))
    # Dividing by a power of ten that is exact gives the shortest decimal; multiplying by 0.1 would not.
    power = 10.0 ** np.abs(places)
    result = np.where(places >= 0, np.rint(exact * power) / power, np.rint(exact / power) * power)
    return result.tolist()


def share(value: float) -> float:
    """A share or density: six significant digits, since those near 1 differ late."""
    return float(f"{value:.{_SHARE_DIGITS}g}")


def _line(row: Row) -> bytes:
    return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)
