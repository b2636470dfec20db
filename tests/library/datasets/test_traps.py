"""A corpus of trap files: what is taken, what is set aside and in which words, what is refused."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from memicos_app.library import catalog, features
from memicos_app.library.datasets.aside import set_aside
from memicos_app.library.datasets.deleting import delete_source
from memicos_app.library.datasets.importing import import_source
from memicos_app.library.datasets.report import ImportReport
from memicos_app.library.datasets.verify import verify_source
from memicos_app.library.errors import BadInputError, NotFoundError
from memicos_app.library.query import rows
from memicos_app.library.views import FeatureView
from tests.library.datasets.folder import MODEL, SOURCE, Folder, Row, activation, explanation, feature

NOTHING: list[str] = []


@dataclass
class Traps(Folder):
    """A folder that also holds files of any bytes."""

    raws: dict[str, bytes] = field(default_factory=dict)

    def write(self) -> Path:
        """As `Folder`, then the files of any bytes."""
        super().write()
        for name, content in self.raws.items():
            path = self.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return self.origin


Build = Callable[[Traps], None]


def lines(name: str, *rows: Row | str | bytes) -> Build:
    """A trap in one batch file, beside one good feature."""

    def build(folder: Traps) -> None:
        folder.batch(name, rows)

    return build


def raw(name: str, content: bytes) -> Build:
    """A trap in the bytes of a file."""

    def build(folder: Traps) -> None:
        folder.raws[name] = content

    return build


def several(*builds: Build) -> Build:
    """Traps that belong together."""

    def build(folder: Traps) -> None:
        for one in builds:
            one(folder)

    return build


def card(name: str, **fields: Any) -> Build:
    def build(folder: Traps) -> None:
        folder.cards[name] = {**folder.cards[name], **fields}

    return build


def text(*rows: Row) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


NOISE = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=20_000))
PACKED = gzip.compress(text(*(feature(i) for i in range(300))), mtime=0)
HALF = len(PACKED) // 2

TAKEN: dict[str, tuple[Build, list[str]]] = {
    "index as text, with zeros, as a float": (
        lines("features/batch-1", feature("1"), feature("0002"), feature(3.0)),
        NOTHING,
    ),
    "keys only in later lines": (
        lines("features/batch-1", feature(1), feature(2, vector=[0.5], hookName="blocks.1.x"), feature(3, newKey=1)),
        NOTHING,
    ),
    "blank lines and line ends of another system": (
        lines("features/batch-1", "", "   ", json.dumps(feature(1)) + "\r", ""),
        NOTHING,
    ),
    "a mark at the beginning of the file": (lines("features/batch-1", "\ufeff" + json.dumps(feature(1))), NOTHING),
    "a file without a last line end": (
        raw("features/batch-1.jsonl.gz", gzip.compress(text(feature(1)).rstrip())),
        NOTHING,
    ),
    "two packed files in one": (
        raw("features/batch-1.jsonl.gz", gzip.compress(text(feature(1))) + gzip.compress(text(feature(2)))),
        NOTHING,
    ),
    "plain text under a packed name": (raw("features/batch-1.jsonl.gz", text(feature(1))), NOTHING),
    "packed text under a plain name": (raw("features/batch-1.jsonl", gzip.compress(text(feature(1)))), NOTHING),
    "an empty file and an empty packed file": (
        several(
            raw("features/batch-1.jsonl", b""),
            raw("activations/batch-1.jsonl.gz", b""),
            raw("explanations/batch-0.jsonl.gz", gzip.compress(b"")),
        ),
        NOTHING,
    ),
    "folders inside and beside": (
        several(
            raw("activations/jlens/batch-0.jsonl.gz", b"no"),
            raw("features-old/batch-0.jsonl.gz", b"no"),
            raw("features/readme.txt", b"no"),
            raw("jlens/matrix.bin", b"no"),
        ),
        NOTHING,
    ),
    "text-sorted names, the first wins": (
        several(
            lines("features/batch-10", feature(5, maxActApprox=10)),
            lines("features/batch-2", feature(5, maxActApprox=2)),
        ),
        ["features/batch-10.jsonl.gz:1: left out: feature 5 came before"],
    ),
    "a model in other letters": (lines("features/batch-1", {**feature(1), "modelId": "TOY"}), NOTHING),
    "numbers that are none": (
        lines(
            "features/batch-1",
            feature(1, maxActApprox=float("inf"), frac_nonzero=float("nan"), neg_values=[1e400, None]),
        ),
        [
            "features/batch-1.jsonl.gz:1: frac_nonzero[0] is nan (1 of 1 are not numbers): stored as 0",
            "features/batch-1.jsonl.gz:1: maxActApprox[0] is inf (1 of 1 are not numbers): stored as 0",
            "features/batch-1.jsonl.gz:1: neg_values[0] is inf (2 of 2 are not numbers): stored as 0",
        ],
    ),
    "further columns with numbers that are none": (
        lines("features/batch-1", feature(1, umap_x=float("nan"), odd={"deep": [float("-inf")]}, big=2**80)),
        NOTHING,
    ),
    "a bin that is none": (
        lines("activations/batch-1", activation(0, ["a"], [1.0], binMin=float("nan"))),
        ["activations/batch-1.jsonl.gz:1: bins[0] is nan (1 of 3 are not numbers): stored as 0"],
    ),
    "embeddings of every kind": (
        lines(
            "explanations/batch-0",
            explanation(0, "a", embedding="[1.0, 2.0"),
            explanation(0, "b", embedding=""),
            explanation(0, "c", embedding=[1e308] * 256),
            explanation(0, "d", embedding=7),
            explanation(0, "e", embedding="[" + ",".join(["0.5"] * 256) + "]"),
            explanation(0, "f", embedding=[None] * 384),
        ),
        ["no embedder here has 1 dimensions", "it has no direction"],
    ),
    "times of every kind": (
        lines(
            "explanations/batch-0",
            *(
                explanation(0, f"at {moment}", createdAt=moment)
                for moment in ("2024-01-02T03:04:05.678", "yesterday", "0001-01-01T00:00:00+14:00", 7, None)
            ),
        ),
        [],
    ),
    "more cosines than indices": (
        lines("features/batch-1", feature(1, topkCosSimIndices=[1, 2, 3], topkCosSimValues=[0.5])),
        NOTHING,
    ),
    "an empty window position and huge places": (
        lines("activations/batch-1", activation(0, ["", "b"], [0, 1], qualifyingTokenIndex=-1, dataIndex="007")),
        NOTHING,
    ),
}
ASIDE: dict[str, tuple[Build, str]] = {
    "no JSON": (lines("features/batch-1", "{no"), "features/batch-1.jsonl.gz:1: left out: not JSON"),
    "no UTF-8": (lines("features/batch-1", b'{"a": "\xff\xfe"}'), ":1: left out: not JSON"),
    "JSON but no object": (lines("features/batch-1", "[1, 2]"), ":1: left out: "),
    "null": (lines("activations/batch-1", "null"), ":1: left out: "),
    "nested deeply": (lines("explanations/batch-0", "[" * 200_000), "left out: not JSON (it is nested too deeply)"),
    "an index beyond all": (lines("features/batch-1", feature(2**31)), ":1: left out: index"),
    "an index that is none": (lines("features/batch-1", feature("x7")), ":1: left out: index"),
    "another source": (lines("features/batch-1", {**feature(1), "layer": "9-x"}), "it belongs to toy/9-x"),
    "a text for a list": (lines("features/batch-1", feature(1, pos_str="yes")), ":1: left out: pos_str"),
    "twice the same": (lines("features/batch-1", feature(0)), "left out: feature 0 came before"),
    "an activation of nobody": (
        lines("activations/batch-1", activation(9, ["a"], [1])),
        "feature 9 is not in features/",
    ),
    "no tokens": (lines("activations/batch-1", activation(0, [], [])), "no tokens"),
    "more values than tokens": (lines("activations/batch-1", activation(0, ["a"], [1, 2])), "1 tokens but 2 values"),
    "a place beyond all": (
        lines("activations/batch-1", activation(0, ["a"], [1], qualifyingTokenIndex=10**30)),
        ":1: left out: ",
    ),
    "words for values": (lines("activations/batch-1", activation(0, ["a"], ["high"])), ":1: left out: values"),
    "no description": (
        lines("explanations/batch-0", {"modelId": MODEL, "layer": SOURCE, "index": 0}),
        "left out: description: Field required",
    ),
    "an id without end": (
        lines("explanations/batch-0", explanation(0, "x", id="i" * 9000)),
        "left out: id has 9000 characters, more than 500",
    ),
    "a type without end": (
        lines("explanations/batch-0", explanation(0, "x", typeName="t" * 9000)),
        "typeName has 9000",
    ),
    "more words than an index holds": (
        lines("explanations/batch-0", explanation(0, " ".join(f"w{n}" for n in range(300_000)))),
        "explanations/batch-0.jsonl.gz:1: left out: string is too long for tsvector",
    ),
}
DAMAGED: dict[str, bytes] = {
    "cut in the middle": PACKED[:HALF],
    "cut in the check sum": PACKED[:-5],
    "a changed byte": PACKED[:HALF] + bytes([PACKED[HALF] ^ 255]) + PACKED[HALF + 1 :],
    "rubbish after the end": PACKED + b"rubbish",
}
REFUSED: dict[str, tuple[Build, str]] = {
    "no feature at all": (raw("features/batch-0.jsonl.gz", b"\x1f\x8b"), "No feature could be read"),
    "a set without end": (card("source", setName=NOISE), "The cards of toy/3-res-tiny cannot be stored"),
}
CARDS: dict[str, Build] = {
    "NUL in every text": several(
        *(
            card(name, creatorEmail="\x00", tlensId="\x00", dataset="\x00\ud800", notes="\x00", hfRepoId="\x00")
            for name in ("model", "release", "sourceset", "source")
        )
    ),
    "no JSON": raw("model.jsonl", b"{no"),
    "empty": raw("source.jsonl", b""),
    "a list": raw("sourceset.jsonl", b"[]\n"),
    "of another": card("model", id="other"),
    "defaults that are nowhere": card("model", defaultSourceId="9-gone", defaultSourceSetName="gone"),
}


@pytest.fixture(scope="module")
def here(module_database: str) -> str:
    return module_database


@pytest.fixture
def folder(here: str, tmp_path: Path) -> Traps:
    """One good feature with an example, beside which each trap lies."""
    made = Traps(tmp_path)
    made.batch("features/batch-0", [feature(0)])
    made.batch("activations/batch-0", [activation(0, ["good"], [1.0])])
    return made


async def sprung(folder: Traps, build: Build) -> ImportReport:
    """The trap imported, in place of the one before."""
    with suppress(NotFoundError):
        await delete_source(MODEL, SOURCE)
    build(folder)
    return await import_source(folder.write(), MODEL, SOURCE)


async def the_good_one() -> FeatureView:
    view = await features.feature(MODEL, SOURCE, 0)
    assert view.activations[-1].tokens == ["good"] or view.activations[0].tokens == ["good"]
    assert (await verify_source(MODEL, SOURCE)).ok
    return view


@pytest.mark.parametrize("name", TAKEN)
async def test_taken(folder: Traps, name: str) -> None:
    build, said = TAKEN[name]
    report = await sprung(folder, build)
    found = "\n".join(map(str, report.problems.first))
    assert all(sentence in found for sentence in said), found
    assert bool(report.problems.total) == bool(said), found
    assert report.verdict.word == "complete"
    await the_good_one()


@pytest.mark.parametrize("name", ASIDE)
async def test_set_aside(folder: Traps, name: str) -> None:
    build, said = ASIDE[name]
    report = await sprung(folder, build)
    assert said in "\n".join(map(str, report.problems.first))
    assert (report.verdict.word, report.verdict.counts["set_aside"]) == ("complete", 1)
    await the_good_one()
    kept = [one async for one in set_aside(MODEL, SOURCE)]
    file = folder.path / kept[0].file
    assert kept[0].raw is not None
    assert gzip.decompress(file.read_bytes()).startswith(kept[0].raw), "the line itself is kept"
    assert kept[0].raw_size == len(gzip.decompress(file.read_bytes()).rstrip(b"\n"))


@pytest.mark.parametrize("name", DAMAGED)
async def test_damaged(folder: Traps, name: str) -> None:
    report = await sprung(folder, raw("features/batch-1.jsonl.gz", DAMAGED[name]))
    assert "the file is damaged from here on" in str(report.problems.first[-1])
    assert report.verdict.word == "incomplete"
    assert "features/batch-1.jsonl.gz is damaged" in report.verdict.missing[0]
    await the_good_one_of_an_incomplete()


async def the_good_one_of_an_incomplete() -> None:
    assert (await features.feature(MODEL, SOURCE, 0)).activations[0].tokens == ["good"]
    report = await verify_source(MODEL, SOURCE)
    assert report.total == 0
    assert not report.ok


@pytest.mark.parametrize("name", REFUSED)
async def test_refused(folder: Traps, name: str) -> None:
    build, said = REFUSED[name]
    with pytest.raises(BadInputError, match=said):
        await sprung(folder, build)
    assert await rows("SELECT index FROM features JOIN sources ON current_generation = generation_id") == []


@pytest.mark.parametrize("name", CARDS)
async def test_cards(folder: Traps, name: str) -> None:
    await sprung(folder, CARDS[name])
    await the_good_one()
    assert (await catalog.source(MODEL, SOURCE)).source.n_dashboards == 1
    assert (await catalog.model(MODEL)).default_source_id == SOURCE


async def test_a_line_of_fifty_megabytes(folder: Traps) -> None:
    """Taken, with memory for a few copies of the line and not more."""
    note = "x" * (50 << 20)
    packed = gzip.compress(text(explanation(0, "long", notes=note), explanation(0, "short")), 1)
    report = await sprung(folder, raw("explanations/batch-0.jsonl.gz", packed))
    assert (report.n_explanations, report.problems.total) == (2, 0)
    found = await rows("SELECT length(notes) AS n FROM explanations WHERE notes IS NOT NULL")
    assert found[0]["n"] == len(note)
