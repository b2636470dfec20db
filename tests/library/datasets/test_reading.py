"""Lines are read one at a time, in whatever state the file is; what a line of each kind may hold."""

from __future__ import annotations

import gzip
import math
import tracemalloc
from pathlib import Path

import pytest
from pydantic import ValidationError

from memicos_app.library.datasets import layout, reading
from memicos_app.library.datasets.layout import ActivationLine, ExplanationLine, FeatureLine, ModelLine, SourceLine
from memicos_app.library.datasets.reading import Problems, read_first, read_lines
from tests.library.datasets.folder import activation, explanation, feature


def models(path: Path) -> tuple[list[str], list[str]]:
    problems = Problems()
    ids = [line.id for _, line in read_lines(path, ModelLine, problems)]
    return ids, [str(one) for one in problems.first]


@pytest.mark.parametrize("packed", [True, False])
def test_plain_and_gzipped_whatever_the_name_says(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / ("batch-0.jsonl" if packed else "batch-0.jsonl.gz")
    text = b'{"id": "a"}\n\n   \n{"id": "b"}'
    path.write_bytes(gzip.compress(text) if packed else text)
    assert models(path) == (["a", "b"], [])


@pytest.mark.parametrize("content", [b"", gzip.compress(b"", mtime=0), b"\n\n"])
def test_an_empty_file_has_no_lines(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "batch-0.jsonl.gz"
    path.write_bytes(content)
    assert models(path) == ([], [])


def test_numbers_of_lines_count_blank_ones(tmp_path: Path) -> None:
    path = tmp_path / "batch-0.jsonl"
    path.write_text('\n{"id": 1e}\n{}\n{"id": "ok"}\n[]\n')
    ids, problems = models(path)
    assert ids == ["ok"]
    name = f"{tmp_path.name}/batch-0.jsonl"
    assert [text.split(": ")[0] for text in problems] == [f"{name}:2", f"{name}:3", f"{name}:5"]


def test_nan_and_lone_surrogates_are_read(tmp_path: Path) -> None:
    assert math.isnan(reading.parse(b'{"x": NaN}')["x"])
    assert reading.parse(b'{"x": "\\ud800", "y": -Infinity}') == {"x": "\ud800", "y": -math.inf}
    with pytest.raises(ValueError):
        reading.parse(b'{"x": nan}')


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "batch-0.jsonl.gz"
    with gzip.open(path, "wb", 1) as file:
        for _ in range(100):
            file.write((b'{"id": "' + b"x" * 1000 + b'"}\n') * 200)
    tracemalloc.start()
    count = sum(1 for _ in read_lines(path, ModelLine, Problems()))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 20_000
    assert peak < 4_000_000, "20 MB of text went by; reading holds 1.8, and threads of other tests may add to it"


def test_a_line_too_long_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LONGEST_LINE", 1 << 20)
    path = tmp_path / "batch-0.jsonl"
    path.write_bytes(b'{"id": "a"}\n' + b"x" * (2 << 20))
    ids, problems = models(path)
    assert (ids, len(problems)) == (["a"], 1)
    assert "longer than 1 MiB" in problems[0]


def test_only_the_first_problems_are_kept_and_all_are_counted(tmp_path: Path) -> None:
    problems = Problems(keep=2)
    for line in range(5):
        problems.add(tmp_path / "f", line, "bad")
    assert (problems.total, len(problems.first)) == (5, 2)


def test_a_card_that_is_missing(tmp_path: Path) -> None:
    assert read_first(tmp_path / "release.jsonl", ModelLine, Problems()) is None


def test_batches_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for name in ("batch-10.jsonl.gz", "batch-2.jsonl.gz", "batch-0.jsonl", ".batch-1.jsonl.gz", "notes.txt"):
        (tmp_path / "features").mkdir(exist_ok=True)
        (tmp_path / "features" / name).touch()
    (tmp_path / "features" / "sub").mkdir()
    assert [path.name for path in layout.batches(tmp_path, "features")] == [
        "batch-0.jsonl",
        "batch-2.jsonl.gz",
        "batch-10.jsonl.gz",
    ]


@pytest.mark.parametrize(
    ("source_id", "expected"),
    [
        ("15-res-4k", (15, "res-4k")),
        ("6-gemmascope-res-16k__l0-70", (6, "gemmascope-res-16k__l0-70")),
        ("3", (3, "neurons")),
        ("e-res", (0, "res")),
        ("odd", (0, "odd")),
    ],
)
def test_layer_and_set_of_a_source_id(source_id: str, expected: tuple[int, str]) -> None:
    assert layout.layer_and_set(source_id) == expected


@pytest.mark.parametrize("index", [12, "12", 12.0])
def test_an_index_is_a_number_or_its_text(index: object) -> None:
    assert FeatureLine.model_validate({**feature(0), "index": index}).index == 12


@pytest.mark.parametrize("index", ["", "-1", -1, "1e3", "٣", 2**31, None, 1.5])
def test_what_is_no_index(index: object) -> None:
    with pytest.raises(ValidationError, match="index"):
        FeatureLine.model_validate({**feature(0), "index": index})


def test_null_means_missing() -> None:
    line = FeatureLine.model_validate({**feature(0), "pos_str": None, "vector": None, "topkCosSimIndices": None})
    assert (line.pos_str, line.vector, line.topk_cos_sim_indices) == ([], [], [])
    assert SourceLine.model_validate({"id": "x", "modelId": "m", "saelensConfig": None}).saelens_config == {}


@pytest.mark.parametrize(
    ("stored", "read"), [([1.0, 2.0], [1.0, 2.0]), ("[1,2]", [1.0, 2.0]), ("", None), (None, None)]
)
def test_an_embedding_is_a_list_or_its_text(stored: object, read: object) -> None:
    assert ExplanationLine.model_validate(explanation(0, "x", embedding=stored)).embedding == read


def test_tokens_and_values_are_as_many() -> None:
    with pytest.raises(ValidationError, match="2 tokens but 1 values"):
        ActivationLine.model_validate(activation(0, ["a", "b"], [1.0]))


def test_times_without_a_zone_are_utc() -> None:
    line = ExplanationLine.model_validate(explanation(0, "x", createdAt="2024-05-01T10:00:00.5"))
    assert line.created_at is not None
    assert line.created_at.isoformat() == "2024-05-01T10:00:00.500000+00:00"
