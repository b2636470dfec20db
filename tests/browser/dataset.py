"""A small dataset for the browser: real features of the demo, a few of which got hostile texts."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any

MODEL, SOURCE = "smollm2-135m-it", "15-res-4k"
FEATURES = 130
"""More than two pages of the list."""
MARKUP, REVERSED, LONG, TOKENS = 3, 5, 7, 9
"""Indices of the features with hostile texts."""
PLAIN = 11
"""A feature whose explanation holds the word `further`, for tests that search."""
MAP_COLUMNS = 13
PIXEL = '<img src=x onerror="window.hacked=1">'
ATTACKS = {
    MARKUP: f"{PIXEL}<script>window.hacked=1</script> {{{{7*7}}}} attack",
    REVERSED: "pay \u202egnihton\u202c to the bearer",
    LONG: "long " + "words without end " * 300,
}
EXPLANATIONS = {**ATTACKS, PLAIN: "the word further, going on with a thought"}
PRESETS = [
    {
        "alias": "twelve",
        "name": f"Twelve {PIXEL}",
        "features": [{"source": SOURCE, "index": 12, "strength": 90}],
        "options": {"temperature": 0, "n_tokens": 12},
    },
    {
        "alias": "never",
        "name": "Never",
        "features": [{"source": SOURCE, "index": 12, "strength": 120}],
        "options": {"n_tokens": 8},
        "stop": ["."],
        "condition": {"source": SOURCE, "index": 20, "threshold": 1e6},
    },
    {"alias": "sunday", "name": "Sunday", "kind": "prompt", "prompt": "On Sunday we"},
]
HOSTILE_TOKENS = [PIXEL, "\u202e", "\n", "<|im_end|>", "\u0000\u200b", "é" * 300, "'\";--"]
Line = dict[str, Any]


def make(origin: Path, destination: Path) -> Path:
    """Write the first `FEATURES` features of the demo's middle layer, explained, to `destination`; that again."""
    source, target = (folder / "v1" / MODEL / SOURCE for folder in (origin, destination))
    target.mkdir(parents=True)
    for card in source.glob("*.json*"):
        shutil.copy(card, target)
    features = list(within(source / "features" / "batch-0.jsonl.gz"))
    write(target / "features" / "batch-0.jsonl.gz", iter(features))
    activations = within(source / "activations" / "batch-0.jsonl.gz")
    write(target / "activations" / "batch-0.jsonl.gz", map(attacked, activations))
    write(target / "explanations" / "batch-0.jsonl.gz", map(explained, features))
    presets = target.parent / "presets.jsonl"
    presets.write_text("".join(json.dumps(line) + "\n" for line in PRESETS), encoding="utf-8")
    return destination


def within(file: Path) -> Iterator[Line]:
    """Lines of the first features; files are in the order of their features."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        yield from takewhile(lambda line: int(line["index"]) < FEATURES, map(json.loads, lines))


def attacked(line: Line) -> Line:
    """An example; those of one feature begin with hostile tokens, and its strongest token is one."""
    if int(line["index"]) == TOKENS:
        count = len(HOSTILE_TOKENS)
        line["tokens"][:count] = HOSTILE_TOKENS
        line["values"][0] = line["maxValue"]
    return line


def explained(feature: Line) -> Line:
    """An explanation out of the feature's own top logits, or a hostile one."""
    index = int(feature["index"])
    words = ", ".join(token.strip() for token in feature["pos_str"][:4])
    return {
        "id": f"browser-{index}",
        "modelId": MODEL,
        "layer": SOURCE,
        "index": str(index),
        "description": EXPLANATIONS.get(index, f"pushes {words}"),
        "typeName": "np_max-act-logits",
        "explanationModelName": None,
        **placed(index),
    }


def placed(index: int) -> Line:
    """Coordinates of a map with a feature in the middle: ten rows of 13, the last one apart, in three clusters."""
    column, row = index % MAP_COLUMNS, index // MAP_COLUMNS
    return {"umap_x": column - 5.75, "umap_y": row - 4.75 + (row == 9), "umap_cluster": column // 5}


def write(file: Path, lines: Iterator[Line]) -> None:
    file.parent.mkdir(exist_ok=True)
    with gzip.open(file, "wt", encoding="utf-8") as out:
        out.writelines(json.dumps(line) + "\n" for line in lines)
