"""Explanations of the demo's features: `python -m demo.explanations FOLDER` adds them to a dataset in `FOLDER`.

Every live feature gets one from its top tokens, by the rule of `memicos_app.library.top_tokens`, without a
language model. `demo/explanations/{source}.jsonl` holds those that were written by hand, each after reading
the feature's top activations: features drawn at random, with `readable` false where no one description fits.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo.corpus import DEMO
from memicos_app.library.top_tokens import top_token_explanation

WRITTEN = DEMO / "explanations"
TOP_GROUP = -1
LEVEL = 9


@dataclass(frozen=True)
class Written:
    """An explanation that was written by hand."""

    index: int
    description: str
    readable: bool


def written(source_id: str) -> list[Written]:
    """Explanations of a source that were written by hand; none where nobody wrote any."""
    path = WRITTEN / f"{source_id}.jsonl"
    if not path.is_file():
        return []
    return [Written(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def explain(folder: Path) -> int:
    """Write `explanations/` of the dataset in `folder`, `v1/{model}/{source}`; how many explanations it holds."""
    rows = [*_from_top_tokens(folder), *_by_hand(folder)]
    (folder / "explanations").mkdir(exist_ok=True)
    (folder / "explanations" / "batch-0.jsonl.gz").write_bytes(packed(rows))
    return len(rows)


def _from_top_tokens(folder: Path) -> Iterator[dict[str, Any]]:
    firing = _firing(folder)
    for feature in lines(folder / "features"):
        index = int(feature["index"])
        if text := top_token_explanation(feature["pos_str"], firing[index]):
            yield _row(folder, index, "top-tokens", text)


def _by_hand(folder: Path) -> Iterator[dict[str, Any]]:
    for one in written(folder.name):
        yield _row(folder, one.index, "written-by-hand", one.description)


def _row(folder: Path, index: int, kind: str, description: str) -> dict[str, Any]:
    return {
        "id": f"{kind}-{folder.parent.name}-{folder.name}-{index}",
        "modelId": folder.parent.name,
        "layer": folder.name,
        "index": str(index),
        "description": description,
        "typeName": kind,
    }


def _firing(folder: Path) -> dict[int, list[str]]:
    """Tokens at the peaks of each feature's strongest examples, strongest first."""
    peaks: dict[int, list[tuple[float, str]]] = defaultdict(list)
    for row in lines(folder / "activations"):
        if row["binMin"] == TOP_GROUP and row["maxValue"] > 0:
            peaks[int(row["index"])].append((-row["maxValue"], row["tokens"][row["maxValueTokenIndex"]]))
    firing: dict[int, list[str]] = defaultdict(list)
    firing.update(
        {index: [token for _, token in sorted(found, key=lambda one: one[0])] for index, found in peaks.items()}
    )
    return firing


def lines(folder: Path) -> Iterator[dict[str, Any]]:
    """Every line of a folder's batches, in order."""
    for path in sorted(folder.glob("batch-*.jsonl.gz"), key=lambda one: int(one.name.split("-")[1].split(".")[0])):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            yield from (json.loads(line) for line in file)


def packed(rows: list[dict[str, Any]]) -> bytes:
    """Lines as a batch file, the same bytes for the same lines."""
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", compresslevel=LEVEL, mtime=0, filename="") as file:
        file.writelines(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)
    return buffer.getvalue()


def main(arguments: Sequence[str] | None = None) -> None:
    """Add explanations to the datasets named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, help="v1/{model}/{source}")
    for folder in parser.parse_args(arguments).folders:
        print(f"{folder}: {explain(folder)} explanations")


if __name__ == "__main__":
    main()
