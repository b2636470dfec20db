"""A dataset of three features in the public layout, small enough to read here and odd enough to find faults."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

MODEL, SOURCE = "smollm2-135m-it", "15-res-4k"
INDICES = (0, 10, 4000)
TOKENS = ["The", " cat", "\n", "<b>", "\u202e", "é", "\x00", "\ud83d"]
VALUES = [0.0, 1.5, 0.25, 0.0, 0.5, 3.0, 0.0, 0.125]


def make(origin: Path) -> Path:
    """Write the dataset below `origin`; that again."""
    folder = origin / "v1" / MODEL / SOURCE
    write(
        folder / "model.jsonl",
        [{"id": MODEL, "layers": 30, "dimension": 576, "displayName": "SmolLM2", "owner": "someone"}],
    )
    write(folder / "source.jsonl", [{"id": SOURCE, "modelId": MODEL, "setName": "res-4k", "saelensConfig": CONFIG}])
    write(folder / "features" / "batch-0.jsonl", [feature(index) for index in INDICES])
    write(folder / "activations" / "batch-0.jsonl", [example(index, n) for index in INDICES for n in range(2)])
    write(folder / "explanations" / "batch-0.jsonl", [explanation(index) for index in INDICES])
    return origin


CONFIG = {"d_sae": 4096, "d_in": 576, "metadata": {"hook_name": "blocks.15.hook_resid_post"}}


def write(file: Path, lines: list[dict[str, Any]]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def feature(index: int) -> dict[str, Any]:
    return {
        "modelId": MODEL,
        "layer": SOURCE,
        "index": str(index),
        "sourceSetName": "res-4k",
        "maxActApprox": 3.0,
        "frac_nonzero": 0.01,
        "pos_str": [" cat", "<b>"],
        "pos_values": [1.0, 0.5],
        "neg_str": ["\n"],
        "neg_values": [-1.0],
        "freq_hist_data_bar_heights": [3, 1],
        "freq_hist_data_bar_values": [1.0, 2.0],
        "logits_hist_data_bar_heights": [2, 2],
        "logits_hist_data_bar_values": [-1.0, 1.0],
        "topkCosSimIndices": [10, 4000],
        "topkCosSimValues": [0.5, 0.25],
    }


def example(index: int, number: int) -> dict[str, Any]:
    return {
        "id": f"example-{index}-{number}",
        "modelId": MODEL,
        "layer": SOURCE,
        "index": str(index),
        "tokens": TOKENS,
        "values": [value / (number + 1) for value in VALUES],
        "maxValue": 3.0 / (number + 1),
        "maxValueTokenIndex": 5,
        "minValue": 0.0,
        "binMin": -1,
        "binMax": -1,
        "binContains": -1,
    }


def explanation(index: int) -> dict[str, Any]:
    return {
        "id": f"explanation-{index}",
        "modelId": MODEL,
        "layer": SOURCE,
        "index": str(index),
        "description": f"<b>feature {index}</b>",
        "typeName": "np_max-act",
    }
