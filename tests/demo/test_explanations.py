"""The demo's explanations: what was written by hand, and what is added to a dataset."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

from demo import explanations


def write(path: Path, rows: list[dict[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


def dataset(folder: Path) -> Path:
    source = folder / "v1" / "smollm2-135m-it" / "15-res-4k"
    write(
        source / "features" / "batch-0.jsonl.gz", [{"index": "8", "pos_str": [" one"]}, {"index": "9", "pos_str": []}]
    )
    example = {"index": "8", "tokens": ["a", " cat"], "maxValueTokenIndex": 1}
    weak, strong = {**example, "binMin": -1, "maxValue": 1.0}, {**example, "binMin": -1, "maxValue": 2.0}
    strong["tokens"] = ["a", " dog"]
    other = {**example, "binMin": 0.5, "maxValue": 9.0, "tokens": ["a", " bird"]}
    write(source / "activations" / "batch-0.jsonl.gz", [weak, strong, other])
    return source


def test_hundreds_are_written_by_hand_and_most_are_readable() -> None:
    found = explanations.written("15-res-4k")
    assert len(found) >= 300
    assert len({one.index for one in found}) == len(found)
    assert all(one.description.strip() and 0 <= one.index < 4096 for one in found)
    assert sum(one.readable for one in found) / len(found) >= 0.8


def test_a_source_without_any() -> None:
    assert explanations.written("99-none") == []


def test_both_kinds_go_into_the_dataset(tmp_path: Path) -> None:
    source = dataset(tmp_path)
    count = explanations.explain(source)
    with gzip.open(source / "explanations" / "batch-0.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    assert len(rows) == count
    (tokens,) = [row for row in rows if row["typeName"] == "top-tokens"]
    assert tokens["index"] == "8"
    assert tokens["description"] == "Fires on “dog”, “cat”; makes “one” likelier."
    assert {row["typeName"] for row in rows} == {"top-tokens", "written-by-hand"}
    assert all(row["modelId"] == "smollm2-135m-it" and row["layer"] == "15-res-4k" for row in rows)


def test_the_same_bytes_each_time(tmp_path: Path) -> None:
    source = dataset(tmp_path)
    explanations.explain(source)
    first = (source / "explanations" / "batch-0.jsonl.gz").read_bytes()
    explanations.explain(source)
    assert (source / "explanations" / "batch-0.jsonl.gz").read_bytes() == first
