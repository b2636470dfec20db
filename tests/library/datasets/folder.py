"""Datasets in the public layout, made by hand for tests."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MODEL, SOURCE = "toy", "3-res-tiny"
Row = dict[str, Any]


def feature(index: int | str, **more: Any) -> Row:
    """A line of features/."""
    return {
        "modelId": MODEL,
        "layer": SOURCE,
        "index": index,
        "maxActApprox": 2.5,
        "frac_nonzero": 0.0125,
        "neg_str": [" no"],
        "neg_values": [-0.5],
        "pos_str": [" yes", "!"],
        "pos_values": [1.25, 0.75],
        "freq_hist_data_bar_values": [0.023, 0.067],
        "freq_hist_data_bar_heights": [120, 3],
        "logits_hist_data_bar_values": [-1.5, 1.5],
        "logits_hist_data_bar_heights": [7, 9],
        "topkCosSimIndices": [0, 1],
        "topkCosSimValues": [1.0, 0.25],
        **more,
    }


def activation(index: int | str, tokens: list[str], values: list[Any], **more: Any) -> Row:
    """A line of activations/."""
    return {"modelId": MODEL, "layer": SOURCE, "index": index, "tokens": tokens, "values": values, **more}


def explanation(index: int | str, description: str, **more: Any) -> Row:
    """A line of explanations/."""
    return {"modelId": MODEL, "layer": SOURCE, "index": index, "description": description, **more}


@dataclass
class Folder:
    """An origin with one source; cards and batches may be changed before `write`."""

    origin: Path
    model_id: str = MODEL
    source_id: str = SOURCE
    cards: dict[str, Row] = field(
        default_factory=lambda: {
            "model": {"id": MODEL, "displayName": "Toy", "layers": 4, "dimension": 8, "visibility": "PUBLIC"},
            "release": {"name": "toys", "description": "Toys", "urls": ["https://example.org"], "creatorName": "Me"},
            "sourceset": {"modelId": MODEL, "name": "res-tiny", "releaseName": "toys", "defaultRange": 2},
            "source": {"id": SOURCE, "modelId": MODEL, "setName": "res-tiny", "saelensConfig": {"d_sae": 16}},
        }
    )
    batches: dict[str, list[Row | str | bytes]] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        """The source's folder."""
        return self.origin / "v1" / self.model_id / self.source_id

    def batch(self, name: str, rows: Iterable[Row | str | bytes]) -> None:
        """Rows of a batch file, such as `features/batch-0`; text and bytes are written as they are."""
        self.batches[name] = list(rows)

    def write(self) -> Path:
        """Write everything; the origin."""
        self.path.mkdir(parents=True, exist_ok=True)
        for name, card in self.cards.items():
            (self.path / f"{name}.jsonl").write_text(json.dumps(card) + "\n")
        for name, rows in self.batches.items():
            file = self.path / f"{name}.jsonl.gz"
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(gzip.compress(b"".join(_line(row) for row in rows)))
        return self.origin


def _line(row: Row | str | bytes) -> bytes:
    if isinstance(row, bytes):
        return row + b"\n"
    return (row if isinstance(row, str) else json.dumps(row)).encode() + b"\n"


def two_features(origin: Path) -> Folder:
    """A dataset of two features with an example each, written; one token looks like markup of a terminal."""
    made = Folder(origin)
    made.batch("features/batch-0", [feature(0), feature(1)])
    made.batch("activations/batch-0", [activation(0, [" dog"], [1.0]), activation(1, [" [red]cat"], [1.0])])
    made.write()
    return made
