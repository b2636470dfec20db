"""A source to judge: the first features of the demo with their real examples, or small ones made by hand."""

from __future__ import annotations

import gzip
import itertools
import shutil
from pathlib import Path

from memicos_app.settings import ROOT
from tests.library.datasets.folder import Folder, activation, explanation, feature

DEMO_MODEL, DEMO_SOURCE = "smollm2-135m-it", "15-res-4k"
DEMO = ROOT / "demo" / "datasets" / "v1" / DEMO_MODEL / DEMO_SOURCE


def demo(origin: Path, n: int = 24) -> Path:
    """An origin with the first `n` features of the demo and their hand-written explanations."""
    folder = origin / "v1" / DEMO_MODEL / DEMO_SOURCE
    folder.mkdir(parents=True)
    for card in DEMO.glob("*.jsonl"):
        shutil.copy(card, folder)
    for kind in ("features", "activations", "explanations"):
        (folder / kind).mkdir()
        with gzip.open(DEMO / kind / "batch-0.jsonl.gz", "rb") as lines:
            first = itertools.takewhile(lambda line: b'"index":"%d"' % n not in line, lines)
            kept = b"".join(line for line in first if b'"top-tokens"' not in line)
        (folder / kind / "batch-0.jsonl.gz").write_bytes(gzip.compress(kept, 1))
    return origin


def by_hand(origin: Path) -> Path:
    """Eight features, each firing on a word of its own in ten texts of growing strength; 0 has a silent example."""
    made = Folder(origin)
    made.batch("features/batch-0", [feature(index, maxActApprox=10.0) for index in range(8)])
    made.batch(
        "activations/batch-0",
        [
            activation(index, ["a", f" word{index}", f" {place}", " end"], [0, place + 1, 0.5, 0])
            for index in range(8)
            for place in range(10)
        ]
        + [activation(0, ["quite", " silent"], [0, 0])],
    )
    made.batch("explanations/batch-0", [explanation(i, f"word{i}", id=f"e{i}", typeName="auto") for i in range(8)])
    return made.write()
