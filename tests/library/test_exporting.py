"""A source goes out, comes in again as the same rows, and goes out again as the same bytes."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from memicos_app.db import session
from memicos_app.library import blocks, features, sequences
from memicos_app.library.datasets import snapshot
from memicos_app.library.datasets.importing import ImportReport, import_source
from memicos_app.library.errors import BadInputError, NotFoundError, UnavailableError
from memicos_app.library.exporting import Exported, export_source
from memicos_app.library.query import rows
from memicos_app.library.views import FeatureView
from memicos_app.library.watch import Level, Stopped
from memicos_app.settings import get_settings
from tests.conftest import PostgresServer, fresh_database
from tests.library.datasets.folder import MODEL, SOURCE, Folder, activation, explanation, feature

Result = TypeVar("Result")
HOSTILE = [
    "\x00",
    "\ud83d",
    "👩‍👧",
    "</script>",
    "\ufdd0",
    "",
    " the",
    "\\u0000",
    "\\\x00",
    "\\\\u0000",
    "\u2028",
    '"',
    "\ufdd0d83d",
]
COMPARED = (
    "models",
    "releases",
    "source_sets",
    "sources",
    "features",
    "feature_labels",
    "explanations",
    "explanation_types",
    "explanation_models",
)


@pytest.fixture(autouse=True)
def own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Journals lie in the data folder."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A source with every kind of column, hostile texts, and indices in three batches."""
    made = Folder(tmp_path / "origin")
    made.cards["model"] |= {"createdAt": "2024-05-06T07:08:09.123", "defaultSourceId": SOURCE, "openRouterId": "x/y"}
    made.cards["release"] |= {"isNewUi": True, "unheardOf": {"a": [1]}}
    made.cards["sourceset"] |= {"hasGraphs": False, "mine": "\x00\ud800"}
    made.cards["source"] |= {"num_prompts": 24576, "dataset": "a/b", "hasUmap": True, "hookName": "blocks.3.hook"}
    made.cards["source"] |= {"evaluation": {"l0": 33.98920822143555}, "cosSimMatchSourceId": "9-gone"}
    made.batch("features/batch-0", [feature(i) for i in (3, 1500, 0, 1023, 1024, 5000)])
    odd = {
        "vector": [0.5, -1e-7],
        "hookName": "h",
        "umap_x": 1.5,
        "neuron_alignment_l1": [0.1],
        "zz": "\ud800",
        "aa": 1,
    }
    made.batch("features/batch-1", [feature(7, pos_str=HOSTILE, pos_values=[0.1] * len(HOSTILE), **odd)])
    plain = [
        activation(i, [f"t{j}", "b", "c"], [0, j + 0.1234567, 0.5], dataIndex=str(j))
        for j in range(3)
        for i in (3, 0)
    ]
    attention = {"zIndices": [[0], [1, 2]], "zValues": [0.75], "dfaValues": [0.5, 0.25], "dfaTargetIndex": 1}
    made.batch(
        "activations/batch-0",
        [
            *plain,
            activation(
                7, HOSTILE, [float(i) for i in range(len(HOSTILE))], dataSource="\x00web", binMin=0.1, binMax=3
            ),
            activation(7, ["q", "k"], [0.0, 0.0], **attention, dfaMaxValue=0.5, qualifyingTokenIndex=0),
            activation(
                7, ["q", "k"], [1e-30, 2], lossValues=[float("nan"), 1], logitContributions='{"a": 1}', odd=[1]
            ),
            activation(5000, ["q", "k"], [-2.5, 2e30], binContains=0.25),
        ],
    )
    made.batch(
        "explanations/batch-0",
        [
            explanation(5000, "later", createdAt="2020-01-02T03:04:05.678901", scoreV2=0.25, scores=[{"value": 1}]),
            explanation(7, "<img src=x onerror=alert(1)>\x00\ud800", notes="\x00", id="h", authorName="A\ud800"),
            explanation(0, "public", id="p", embedding=[1.0, *[0.01] * 255], typeName="np_max-act", umap_x=2.5),
            explanation(0, "offline", id="o", embedding=[0.5] * 384, explanationModelName="gpt", authorId="someone"),
        ],
    )
    return made


async def imported(folder: Folder) -> ImportReport:
    return await import_source(folder.write(), MODEL, SOURCE)


async def everything() -> dict[str, list[dict[str, Any]]]:
    """What is stored, without numbers that the server gives and times of writing; examples as they read."""
    found = {name: [_lasting(name, one) for one in await rows(f"SELECT * FROM {name}")] for name in COMPARED}
    for table in found.values():
        table.sort(key=lambda one: json.dumps(one, default=str))
    found["embeddings"] = [
        dict(one)
        for one in await rows(
            "SELECT x.id, e.embedder_id, e.embedding::text FROM explanation_embeddings AS e "
            "JOIN explanations AS x ON x.number = e.explanation_number ORDER BY x.id, e.embedder_id"
        )
    ]
    found["examples"] = await _examples()
    return found


async def _examples() -> list[dict[str, Any]]:
    read = []
    for one in await rows("SELECT * FROM feature_examples ORDER BY index"):
        block = blocks.decode(bytes(one["block"]))
        windows = await sequences.windows(one["generation_id"], block)
        examples = zip(
            windows, block.values(), block.groups, block.qualifying_token_indices(), block.extras, strict=True
        )
        read.append({"index": one["index"], "n": one["n"], "examples": list(examples)})
    return read


def settled(work: Coroutine[Any, Any, Result]) -> Result:
    """The result of a coroutine on a loop of its own, which leaves no connection open."""
    return asyncio.run(_then_disposed(work))


async def _then_disposed(work: Coroutine[Any, Any, Result]) -> Result:
    try:
        return await work
    finally:
        await session.dispose()


def _lasting(table: str, row: Any) -> dict[str, Any]:
    left_out = {"generation_id", "current_generation", "number", "updated_at"}
    if table.startswith("explanation_"):  # Their words travel, the day on which they came does not.
        left_out |= {"created_at"}
    return {name: value for name, value in row.items() if name not in left_out}


def tree(folder: Path) -> dict[str, bytes]:
    """Files by name."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def lines(path: Path) -> list[dict[str, Any]]:
    """Objects of a batch file."""
    return [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]


def test_out_and_in_and_out_again(
    postgres_server: PostgresServer, database: str, folder: Folder, tmp_path: Path
) -> None:
    async def out() -> tuple[dict[str, Any], FeatureView]:
        report = await imported(folder)
        counts = (await export_source(MODEL, SOURCE, tmp_path / "first")).counts
        assert counts == {
            "features": 7,
            "featuresWithActivations": 4,
            "featuresWithExplanations": 3,
            "activations": report.n_examples,
            "explanations": 4,
        }
        return await everything(), await features.feature(MODEL, SOURCE, 7)

    async def back() -> tuple[dict[str, Any], FeatureView]:
        report = await import_source(tmp_path / "first", MODEL, SOURCE)
        assert [str(one) for one in report.problems.first] == []
        await export_source(MODEL, SOURCE, tmp_path / "second")
        return await everything(), await features.feature(MODEL, SOURCE, 7)

    stored, shown = settled(out())
    with fresh_database(postgres_server):
        again, shown_again = settled(back())
    assert again == stored
    assert shown_again == shown
    assert [one.tokens for one in shown.activations if len(one.tokens) > 2] == [HOSTILE]
    assert tree(tmp_path / "second") == tree(tmp_path / "first")


async def test_the_layout(database: str, folder: Folder, tmp_path: Path) -> None:
    await imported(folder)
    manifest = await export_source(MODEL, SOURCE, tmp_path / "out")
    place = tmp_path / "out" / "v1" / MODEL / SOURCE
    assert sorted(path.name for path in place.iterdir() if path.is_file()) == [
        "manifest.json",
        "memicos.jsonl",
        "model.jsonl",
        "release.jsonl",
        "source.jsonl",
        "sourceset.jsonl",
    ]
    assert [one["index"] for one in lines(place / "features/batch-0.jsonl.gz")] == ["0", "3", "7", "1023"]
    assert [one["index"] for one in lines(place / "features/batch-1.jsonl.gz")] == ["1024", "1500"]
    assert [one["index"] for one in lines(place / "features/batch-4.jsonl.gz")] == ["5000"]
    assert [path.name for path in sorted((place / "activations").iterdir())] == [
        "batch-0.jsonl.gz",
        "batch-4.jsonl.gz",
    ]
    assert (place / "manifest.json").read_bytes() == manifest.manifest()
    listed = json.loads(manifest.manifest())
    assert (listed["complete"], listed["counts"], len(listed["objects"])) == (
        True,
        manifest.counts,
        len(manifest.files),
    )
    for one in manifest.files:
        content = (place / one.name).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (one.bytes, one.sha256)
        plain = gzip.decompress(content) if one.name.endswith(".gz") else content
        assert plain.count(b"\n") == one.lines


async def test_the_same_data_gives_the_same_bytes(database: str, folder: Folder, tmp_path: Path) -> None:
    """Also when it was imported in another order, and when the target holds an earlier export with more in it."""
    for line in folder.batches["explanations/batch-0"]:
        assert isinstance(line, dict)
        line["createdAt"] = "2020-01-02T03:04:05"
    await imported(folder)
    await export_source(MODEL, SOURCE, tmp_path / "first")
    folder.batches["features/batch-0"].reverse()
    folder.batch("features/batch-00", [feature(3000)])
    await imported(folder)
    await export_source(MODEL, SOURCE, tmp_path / "second")
    assert "v1/toy/3-res-tiny/features/batch-2.jsonl.gz" in tree(tmp_path / "second")
    folder.batch("features/batch-00", [])
    await imported(folder)
    await export_source(MODEL, SOURCE, tmp_path / "second")
    assert tree(tmp_path / "second") == tree(tmp_path / "first")
    assert not list((tmp_path / "data" / "exports").glob("*.journal"))


class Watcher:
    """Stops at the checkpoint of this number."""

    def __init__(self, stop_at: int = -1) -> None:
        self.left = stop_at
        self.told: list[tuple[str, float, float]] = []
        self.logged: list[tuple[Level, str]] = []

    def tell(self, step: str, done: float, total: float, unit: str = "") -> None:
        self.told.append((step, done, total))

    def log(self, text: str, level: Level = "info") -> None:
        self.logged.append((level, text))

    async def checkpoint(self) -> None:
        self.left -= 1
        if self.left == -1:
            raise Stopped


async def test_goes_on_after_the_last_finished_file(
    database: str, folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await imported(folder)
    whole = await export_source(MODEL, SOURCE, tmp_path / "whole")
    made: list[str] = []
    pieces = snapshot.Snapshot.pieces

    def counted(self: snapshot.Snapshot, batch: snapshot.Batch) -> Any:
        made.append(batch.name)
        return pieces(self, batch)

    monkeypatch.setattr(snapshot.Snapshot, "pieces", counted)
    for stop_at in range(20):
        watcher = Watcher(stop_at)
        try:
            await export_source(MODEL, SOURCE, tmp_path / "out", watcher)
        except Stopped:
            assert not list((tmp_path / "out").rglob(".*")), "nothing half is left"
            held = json.loads((tmp_path / "out/v1/toy/3-res-tiny/manifest.json").read_bytes())
            assert held["complete"] is False
            continue
        break
    assert tree(tmp_path / "out") == tree(tmp_path / "whole")
    finished = [one.name for one in whole.files if one.name.endswith(".gz")]
    assert len(made) <= 2 * len(finished), "a file that was finished is not made again"
    assert watcher.told[-1][1] == watcher.told[-1][2]


async def test_a_file_made_of_other_data_is_not_kept(database: str, folder: Folder, tmp_path: Path) -> None:
    await imported(folder)
    with pytest.raises(Stopped):
        await export_source(MODEL, SOURCE, tmp_path / "out", Watcher(7))
    folder.batch("features/batch-0", [feature(3, maxActApprox=99.0), feature(7)])
    await imported(folder)
    await export_source(MODEL, SOURCE, tmp_path / "out")
    await export_source(MODEL, SOURCE, tmp_path / "whole")
    assert tree(tmp_path / "out") == tree(tmp_path / "whole")


async def test_a_source_that_is_replaced_meanwhile_is_written_as_it_was(
    database: str, folder: Folder, tmp_path: Path
) -> None:
    await imported(folder)
    await export_source(MODEL, SOURCE, tmp_path / "before")

    class Replaces(Watcher):
        async def checkpoint(self) -> None:
            self.left += 2
            if self.left == 5:
                folder.batch("features/batch-0", [feature(3, maxActApprox=99.0)])
                await imported(folder)

    await export_source(MODEL, SOURCE, tmp_path / "out", Replaces())
    assert tree(tmp_path / "out") == tree(tmp_path / "before")


async def test_files_of_somebody_else_are_left_alone(database: str, folder: Folder) -> None:
    await imported(folder)
    before = tree(folder.origin)
    with pytest.raises(BadInputError, match="files that are not of an export"):
        await export_source(MODEL, SOURCE, folder.origin)
    assert tree(folder.origin) == before
    await export_source(MODEL, SOURCE, folder.origin, overwrite=True)
    assert tree(folder.origin) != before


async def test_what_cannot_be_exported_is_said(database: str, folder: Folder, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no source toy/3-res-tiny"):
        await export_source(MODEL, SOURCE, tmp_path / "out")
    with pytest.raises(BadInputError, match="neither a folder nor"):
        await export_source(MODEL, SOURCE, "ftp://somewhere")
    await imported(folder)
    (tmp_path / "file").write_text("x")
    with pytest.raises(UnavailableError, match="cannot be written"):
        await export_source(MODEL, SOURCE, tmp_path / "file")


async def test_explanations_of_people_here_go_out_too(database: str, folder: Folder, tmp_path: Path) -> None:
    """One whose id is taken, and one of a feature without a dashboard, would stop an importer: they are logged."""
    await imported(folder)
    async with session.raw_connection() as connection:
        await connection.execute(
            "INSERT INTO explanations (id, model_id, source_id, index, description) VALUES "
            "('mine', 'toy', '3-res-tiny', 3, 'made here'), ('p', 'toy', '3-res-tiny', 3, 'twice'), "
            "('gone', 'toy', '3-res-tiny', 4, 'of nothing')"
        )
    watcher = Watcher()
    manifest = await export_source(MODEL, SOURCE, tmp_path / "out", watcher)
    assert manifest.counts["explanations"] == 5
    written = lines(tmp_path / "out/v1/toy/3-res-tiny/explanations/batch-0.jsonl.gz")
    assert [one["description"] for one in written if one["index"] == "3"] == ["made here"]
    assert [(level, text[:2]) for level, text in watcher.logged] == [("warning", "2 ")]


async def test_what_is_not_a_number_goes_out_as_an_import_would_store_it(
    database: str, folder: Folder, tmp_path: Path
) -> None:
    await imported(folder)
    async with session.raw_connection() as connection:
        await connection.execute(
            "UPDATE features SET density = 'NaN', positive_values = '{NaN,Infinity}', correlated_l1 = '{-Infinity}'"
        )
    await export_source(MODEL, SOURCE, tmp_path / "out")
    one = lines(tmp_path / "out/v1/toy/3-res-tiny/features/batch-0.jsonl.gz")[0]
    assert (one["frac_nonzero"], one["pos_values"], one["correlated_features_l1"]) == (0, [0, 0], [0])


def test_a_manifest_says_nothing_of_when(tmp_path: Path) -> None:
    assert b"created" not in Exported("m", "s").manifest()
