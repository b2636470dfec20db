"""Columns of many lines at once are what the lines give one by one, whatever is in them."""

from __future__ import annotations

import gzip
import hashlib
import json
import math
import tracemalloc
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memicos_app.library import blocks
from memicos_app.library.datasets import activation_lines
from memicos_app.library.datasets.activation_lines import Batch, LineReader, read_activations
from memicos_app.library.datasets.examples import Gathered
from memicos_app.library.datasets.line_cutting import dense_values
from memicos_app.library.datasets.reading import Problems, parse
from memicos_app.library.packing import decompress
from memicos_app.settings import ROOT
from tests.library.datasets.folder import activation

DEMO = ROOT / "demo" / "datasets" / "v1" / "smollm2-135m-it"
FILE = Path("activations") / "batch-0.jsonl.gz"
Row = tuple[Any, ...]


def rows(batches: Sequence[Batch]) -> list[Row]:
    """Everything that is kept of the lines."""
    found = []
    for batch in batches:
        examples = batch.columns.examples(0, len(batch))
        assert batch.columns.maxima.tolist() == [one.max_value for one in examples]
        for place, one in enumerate(examples):
            tokens = batch.tokens.get(batch.texts[place]) or parse(batch.texts[place])
            kept = (one.length, one.positions.tolist(), one.values.tolist(), one.group, one.qualifying_token_index)
            extra = json.dumps(one.extra)
            found.append((batch.numbers[place], batch.owners[place], batch.indices[place], tokens, *kept, extra))
    return found


def both_ways(lines: Sequence[bytes]) -> tuple[list[Row], list[str]]:
    """What lines give, and what is said of them; the fast way has to be the same as the thorough one."""
    said, thoroughly = Problems(), Problems()
    fast = list(LineReader(FILE, said).batches(1, lines))
    slow = LineReader(FILE, thoroughly).one_by_one(list(enumerate(lines, 1)))
    assert rows(fast) == rows([slow])
    assert [one for batch in fast for one in batch.changed] == slow.changed
    assert said == thoroughly
    return rows(fast), [str(one) for one in said.first] + [message for _, message in slow.changed]


NASTY = [
    '"',
    "]",
    '"]',
    ",",
    '],"a":[',
    '"],"values":[',
    "\\",
    '\\"',
    "",
    " ",
    "\x00",
    "\n",
    "é",
    "👩‍👧",
    "\ud800",
    "0",
    "{",
]
TOKENS = st.lists(st.sampled_from(NASTY) | st.text(max_size=4), max_size=6)
NUMBERS = st.sampled_from([0, 0.0, 1, 31.17, -2.5, 1e-9, 12345678901234567890, 1e300, 3.5e38, -0.0, math.nan, None])
VALUES = st.lists(NUMBERS, max_size=6) | st.lists(st.sampled_from([0, 0.0, 1.5]), min_size=1, max_size=6)
ODD = st.one_of(st.none(), st.integers(), st.floats(), st.text(max_size=3), st.lists(st.integers(), max_size=2))
OTHERS = st.dictionaries(
    st.sampled_from(
        [
            *(
                "id",
                "dataIndex",
                "dfaValues",
                "dfaMaxValue",
                "lossValues",
                "zIndices",
                "qualifyingTokenIndex",
                "binMin",
            ),
            *(
                "binMax",
                "binContains",
                "dataSource",
                "bin_min",
                "max_value",
                'a"tokens',
                "meta",
                "maxValue",
                "memicosMarks",
            ),
        ]
    ),
    st.one_of(ODD, st.just({"tokens": ["x"], "values": [1]}), st.sampled_from(["12", "0", "-1", 5, -7, 2**40])),
    max_size=4,
)


@st.composite
def line_texts(draw: st.DrawFn) -> list[bytes]:
    """Lines of one writer, with the same names; a few of them damaged."""
    others = draw(OTHERS)
    separators = draw(st.sampled_from([(",", ":"), (", ", ": ")]))
    ascii_only = draw(st.booleans())
    order = draw(st.permutations(["tokens", "values", "modelId", "layer", "index", *others]))
    lines = []
    for _ in range(draw(st.integers(1, 12))):
        tokens = draw(TOKENS)
        values = draw(VALUES | st.lists(st.sampled_from([0, 2.5]), min_size=len(tokens), max_size=len(tokens)))
        index = draw(st.sampled_from([0, "0", "12", 5, "007", "-1", "x", 3.0, 2**31, "٣", True]))
        row = {**activation(index, tokens, values), **others}
        text = json.dumps({name: row[name] for name in order}, separators=separators, ensure_ascii=ascii_only)
        lines.append(draw(st.just(text.encode("utf-8", "surrogatepass")) | damaged(text)))
    return lines


@st.composite
def damaged(draw: st.DrawFn, text: str) -> bytes:
    """The text with something put in or taken out."""
    raw = text.encode("utf-8", "surrogatepass")
    at = draw(st.integers(0, len(raw)))
    put = draw(
        st.sampled_from([b"", b"]", b"[", b'"', b",", b" ", b"\\", b"}", b"0", b"\xff", b'"tokens":[],', b",,"])
    )
    return raw[:at] + put + raw[at + draw(st.integers(0, 3)) :]


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take even two lines as columns."""
    monkeypatch.setattr(activation_lines, "_FEWEST", 2)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=line_texts())
def test_any_lines_give_the_same_both_ways(eager: None, lines: list[bytes]) -> None:
    both_ways(lines)


@pytest.mark.parametrize(
    "trap",
    [
        b'{"modelId":"toy","layer":"x","index":"0","meta":{"tokens":["a"],"values":[1]}}',
        b'{"modelId":"toy","layer":"x","index":"0","tokens":["a"],"values":[1],"tokens":["b"]}',
        b'{"modelId":"toy","layer":"x","index":"0","tokens":["a"],"values":[1],"tokens":null}',
        b'{"modelId":"toy","layer":"x","index":"0","tokens":["a"],"values":[1],"\\u0074okens":["b"]}',
        b'{"modelId":"toy","layer":"x","index":"0","tokens":["a"],"values":[1]}{}',
        b'{"modelId":"toy","layer":"x","index":"0","tokens":["a"],"values":[01]}',
        b'{"modelId":"toy","layer":"x","index":"0","tokens":["a"],"values":[1 2]}',
        b'{"modelId":"toy","layer":"x","index":"0","tokens":["a","b","c"],"values":[0,,0]}',
        b'{"modelId":"toy","layer":"x","index":"0","tokens":["a","b"],"values":[,0]}',
        b'{"modelId":"toy","layer":"x","index":"0","tokens":["a" "b"],"values":[0,0]}',
        b'{"modelId":"toy","layer":"x","index":"0","tokens":[["a"]],"values":[[0]]}',
        b'{"modelId":"toy","layer":"x","index":"0","tokens":[1],"values":[true]}',
        b'{"modelId":"toy","layer":"x","index":"0","tokens":["a"],"values":[1],"qualifyingTokenIndex":99999999999999999999}',
        b'["tokens":["a"],"values":[1]]',
        b"",
        b"  ",
        b"null",
    ],
)
def test_a_trap_among_usual_lines(eager: None, trap: bytes) -> None:
    usual = [json.dumps(activation("0", ["a", " b"], [0, n / 4])).encode() for n in range(12)]
    kept, _ = both_ways([*usual[:6], trap, *usual[6:]])
    assert len(kept) >= 12


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")], ids=["short", "wide"])
@pytest.mark.parametrize("first", ["tokens", "values"])
def test_usual_lines_go_the_fast_way(
    monkeypatch: pytest.MonkeyPatch, separators: tuple[str, str], first: str
) -> None:
    row = {first: [], **activation("3", ['"', "],", "é", "\\"], [0, 0.0, 1.5, 0]), "dataIndex": "7", "lossValues": []}
    lines = [json.dumps({**row, "id": str(n)}, separators=separators).encode() for n in range(20)]
    expected, _ = both_ways(lines)
    monkeypatch.setattr(LineReader, "one_by_one", None)
    (batch,) = LineReader(FILE, Problems()).batches(1, lines)
    assert rows([batch]) == expected


def test_dead_examples_and_negative_ones(eager: None) -> None:
    lines = [
        json.dumps(activation(0, ["a", "b"], values)).encode() for values in ([0, 0], [-1, 0], [-2, -1], [-1, -1])
    ]
    assert [row[4:7] for row in both_ways(lines)[0]] == [
        (2, [], []),
        (2, [0], [-1.0]),
        (2, [0, 1], [-2.0, -1.0]),
        (2, [0, 1], [-1.0, -1.0]),
    ]


def test_values_of_many_lists_at_once() -> None:
    found = dense_values([b"0,0,1.5", b"2", b"0.0, 0.0, -3e2, 0", b"0.05,10,0,0"])
    assert found is not None
    assert found[0].tolist() == [0, 0, 1.5, 2, 0, 0, -300, 0, 0.05, 10, 0, 0]
    assert found[1].tolist() == [3, 1, 4, 4]
    for odd in (b"0,x", b"0,,0", b"", b"1 2", b"0,0x1", b"NaN", b"null", b"1e39", b"0, ,0"):
        assert dense_values([b"0,1", odd]) is None


@pytest.mark.parametrize(
    ("source", "sharing", "digest"),
    [
        ("7-res-4k", False, "99aab5fb5eb0c33869b6fb0f3996c27a327d14c3f38c5a35fa44cc5a20aa89cd"),
        ("15-res-4k", True, "d85e3807ee8ccf28d0d647b051ebffa3222c34bde27b201e56ebafb500cf8daa"),
    ],
)
def test_what_is_stored_of_the_demo_does_not_change(source: str, sharing: bool, digest: str) -> None:
    """The content of every block, as the thorough way stored it before there was a fast one."""
    gathered, content = Gathered(), hashlib.sha256()
    gathered.windows.sharing = sharing
    for batch in read_activations(DEMO / source / FILE, Problems()):
        gathered.add(batch)
    stored, _ = gathered.take()
    for one in stored:
        content.update(f"{one.index} {one.format} {one.n} ".encode() + decompress(one.block))
    for number, chunk in [*gathered.windows.chunks(), *gathered.windows.incomplete()]:
        content.update(f"{number} ".encode() + decompress(chunk))
    content.update(decompress(blocks.encode_vocabulary(gathered.windows.vocabulary())))
    assert content.hexdigest() == digest


def written(path: Path, lines: int, more: str = "") -> Path:
    """A file of usual lines, each with a text of its own."""
    with gzip.open(path, "wt", 1) as file:
        for number in range(lines):
            tokens = [str(number), *(f" {step}" for step in range(63))]
            file.write(json.dumps({**activation(number % 9, tokens, [0] * 63 + [1.5]), "note": more}) + "\n")
    return path


def test_memory_does_not_grow_with_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(activation_lines, "TEXTS_KEPT", 1 << 18)
    peaks = []
    for lines in (4000, 12_000):
        path = written(tmp_path / f"{lines}.jsonl.gz", lines)
        tracemalloc.start()
        assert sum(map(len, read_activations(path, Problems()))) == lines
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]


def test_what_waits_is_bounded_by_bytes_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = written(tmp_path / "f.jsonl.gz", 40, "x" * 100_000)
    gathered = Gathered()
    monkeypatch.setattr("memicos_app.library.datasets.examples.MOST_BYTES", 1_000_000)
    full = []
    for batch in read_activations(path, Problems()):
        gathered.add(batch)
        full.append(gathered.full)
        if gathered.full:
            gathered.take()
            assert (gathered.size, gathered.n_waiting, gathered.full) == (0, 0, False)
    assert 2 <= sum(full) <= 5


def test_a_line_of_fifty_megabytes(tmp_path: Path) -> None:
    path = tmp_path / "batch-0.jsonl.gz"
    line = json.dumps({**activation(0, ["a"], [1.0]), "note": "x" * 50_000_000}).encode()
    small = json.dumps(activation(1, ["a"], [1.0])).encode()
    path.write_bytes(gzip.compress(line + b"\n" + small + b"\n" + line + b"\n" + b"x" * (65 << 20), 0))
    problems, numbers = Problems(), []
    for batch in read_activations(path, problems):
        numbers += batch.numbers
    assert numbers == [1, 2, 3]
    assert [str(one).partition(": ")[2] for one in problems.first] == [
        "left out, and what follows: longer than 64 MiB"
    ]


@pytest.mark.parametrize("lost", [1, 5, 9, 400, 3000])
def test_a_damaged_file_gives_all_lines_before_the_damage(tmp_path: Path, lost: int) -> None:
    whole = written(tmp_path / "whole.jsonl.gz", 3000).read_bytes()
    path = tmp_path / "batch-0.jsonl.gz"
    path.write_bytes(whole[:-lost])
    content = b""
    with gzip.open(path) as file, pytest.raises(EOFError):
        while piece := file.read1(100):
            content += piece
    problems = Problems()
    numbers = [number for batch in read_activations(path, problems) for number in batch.numbers]
    assert numbers == list(range(1, content.count(b"\n") + 1))
    assert (problems.total, problems.damaged) == (1, True)
    assert f":{len(numbers) + 1}: the file is damaged from here on" in str(problems.first[0])


def test_positions_of_nothing() -> None:
    batch = LineReader(FILE, Problems()).one_by_one([])
    gathered = Gathered()
    gathered.add(batch)
    assert (len(batch), np.size(batch.indices), gathered.take()) == (0, 0, ([], {}))
