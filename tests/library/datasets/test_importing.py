"""A source goes in from the public layout and comes out of the library's reads, with every trap on the way."""

from __future__ import annotations

import asyncio
import gzip
from pathlib import Path
from typing import Any

import psycopg
import pytest

from memicos_app.db import session
from memicos_app.library import catalog, features
from memicos_app.library.datasets import examples, filling, generations, importing
from memicos_app.library.datasets.importing import import_source
from memicos_app.library.datasets.manifest import KINDS
from memicos_app.library.datasets.report import ImportReport
from memicos_app.library.errors import NotFoundError, UnavailableError
from memicos_app.library.packing import RELATIVE_ERROR
from memicos_app.library.query import rows
from memicos_app.library.views import FeatureView
from memicos_app.library.watch import Unwatched
from tests.library.datasets.folder import MODEL, SOURCE, Folder, activation, explanation, feature

HOSTILE = ["\x00", "\ud83d", "👩‍👧", "</script>", "\ufdd0", "", " the"]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A small clean source: two features with two examples each."""
    made = Folder(tmp_path)
    made.batch("features/batch-0", [feature("0"), feature("1")])
    made.batch(
        "activations/batch-0",
        [
            activation(i, ["a", " b", "c"], [0, v, 0.5], binMin=-1, binMax=3, binContains=-1)
            for i in "01"
            for v in (1, 2)
        ],
    )
    return made


async def imported(folder: Folder) -> ImportReport:
    return await import_source(folder.write(), folder.model_id, folder.source_id)


async def read(index: int) -> FeatureView:
    return await features.feature(MODEL, SOURCE, index)


def messages(report: ImportReport) -> list[str]:
    return [str(one) for one in report.problems.first]


async def test_round_trip(database: str, folder: Folder) -> None:
    folder.batch("explanations/batch-0", [explanation("1", "beginnings of lists", id="e1", typeName="np_max-act")])
    report = await imported(folder)
    assert (report.n_features, report.n_examples, report.n_explanations, messages(report)) == (2, 4, 1, [])
    view = await read(1)
    assert (view.density, view.max_activation) == (0.0125, 2.5)
    assert (view.positive_tokens, view.positive_values) == ([" yes", "!"], [1.25, 0.75])
    assert (view.negative_tokens, view.negative_values) == ([" no"], [-0.5])
    assert view.activation_histogram.values == [0.023, 0.067]
    assert view.activation_histogram.heights == [120, 3]
    assert [(one.index, one.cosine) for one in view.similar] == [(0, 1.0), (1, 0.25)]
    assert [one.values for one in view.activations] == [[0, 2, 0.5], [0, 1, 0.5]], "strongest first"
    assert view.activations[0].tokens == ["a", " b", "c"]
    assert (view.previous_index, view.next_index) == (0, None)
    assert [(one.id, one.description, one.type_name) for one in view.explanations] == [
        ("e1", "beginnings of lists", "np_max-act")
    ]


async def test_hostile_strings_come_back_as_they_were(database: str, folder: Folder) -> None:
    folder.batch("features/batch-0", [feature(0, pos_str=HOSTILE, pos_values=[1.0] * 7, vectorLabel="\x00\udc80")])
    folder.batch("activations/batch-0", [activation(0, HOSTILE, [1.0] * 7, dataSource="\x00web")])
    folder.batch("explanations/batch-0", [explanation(0, "<img src=x onerror=alert(1)>\x00\ud800", notes="\x00")])
    assert messages(await imported(folder)) == []
    view = await read(0)
    assert view.positive_tokens == HOSTILE
    assert view.activations[0].tokens == HOSTILE
    assert view.activations[0].data_source == "\x00web"
    assert view.extra["vectorLabel"] == "\x00\udc80"
    assert view.explanations[0].description == "<img src=x onerror=alert(1)>\x00\ud800"
    assert view.explanations[0].notes == "\x00"


async def test_batches_of_the_three_folders_need_not_match(database: str, folder: Folder) -> None:
    folder.batch("features/batch-0", [feature("0"), feature("10")])
    folder.batch("features/batch-1", [feature(2)])
    folder.batch("features/batch-2", [])
    folder.batch("activations/batch-0", [activation("10", ["x"], [3.0]), activation(2, ["y"], [1.0])])
    folder.batch("activations/batch-1", [activation("0", ["z"], [1.0]), activation(10, ["w", "x"], [0.0, 4.5])])
    report = await imported(folder)
    assert (report.n_features, report.n_examples, messages(report)) == (3, 4, [])
    assert [one.tokens for one in (await read(10)).activations] == [["w", "x"], ["x"]]
    assert [one.tokens for one in (await read(2)).activations] == [["y"]]


async def test_windows_that_repeat_are_shared_and_read_the_same(database: str, folder: Folder) -> None:
    texts = [[f"{n}", " word", "."] for n in range(20)]
    folder.batch("features/batch-0", [feature(i) for i in range(30)])
    lines = [activation(i, texts[(i * 7 + j) % 20], [0.0, 1.0 + j, 0.0]) for j in range(10) for i in range(30)]
    folder.batch("activations/batch-0", lines[:150])
    folder.batch("activations/batch-1", lines[150:])
    report = await imported(folder)
    assert (report.n_sequences, report.n_examples) == (20, 300)
    formats = await rows("SELECT DISTINCT format FROM feature_examples")
    assert [one["format"] for one in formats] == [2]
    for index in (0, 13, 29):
        expected = [texts[(index * 7 + j) % 20] for j in reversed(range(10))]
        assert [one.tokens for one in (await read(index)).activations] == expected


async def test_windows_that_do_not_repeat_are_not_shared(database: str, folder: Folder) -> None:
    folder.batch("features/batch-0", [feature(i) for i in range(5)])
    lines = [activation(i, [f"{i}", f" {j}", "."], [0.0, 1.0 + j, 0.0]) for j in range(10) for i in range(5)]
    folder.batch("activations/batch-0", lines[:25])
    folder.batch("activations/batch-1", lines[25:])
    report = await imported(folder)
    assert (report.n_sequences, report.n_examples) == (0, 50)
    assert [one["format"] for one in await rows("SELECT DISTINCT format FROM feature_examples")] == [3]
    assert [one.tokens for one in (await read(3)).activations] == [["3", f" {j}", "."] for j in reversed(range(10))]


async def test_stopping_to_share_half_way_loses_nothing(
    database: str, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first lines repeat, the later ones do not, and some of them belong to features stored before."""
    monkeypatch.setattr(examples, "MOST_WAITING", 1)
    monkeypatch.setattr(filling, "LINES_A_TURN", 40)
    folder.batch("features/batch-0", [feature(i) for i in range(30)])
    repeated = [activation(i % 10, ["same", " text", str(i % 4)], [9.0 - i / 100, 0, 0]) for i in range(40)]
    fresh = [(i % 20 if i < 60 else 20 + i % 10, ["new", f" {i}"], [0.0, 1.0 + i / 100]) for i in range(120)]
    folder.batch("activations/batch-0", [*repeated, *(activation(*line) for line in fresh)])
    report = await imported(folder)
    assert (report.n_examples, messages(report)) == (160, [])
    old, new = (await read(3)).activations, (await read(27)).activations
    assert [one.tokens[0] for one in old] == ["same"] * 4 + ["new"] * 3
    assert [one.tokens for one in old[4:]] == [["new", f" {i}"] for i in (43, 23, 3)]
    assert [one.tokens for one in new] == [["new", f" {i}"] for i in (117, 107, 97, 87, 77, 67)]
    formats = {one["index"]: one["format"] for one in await rows("SELECT index, format FROM feature_examples")}
    assert (formats[3], formats[27]) == (2, 3)


async def test_bad_lines_are_reported_with_file_and_line(database: str, folder: Folder) -> None:
    folder.batch(
        "features/batch-0",
        [
            feature("0"),
            "",
            "{not json",
            feature("0"),
            feature(-1),
            {**feature("1"), "layer": "4-res-tiny"},
            feature("1", frac_nonzero=None, pos_values=[float("nan"), 1e39]),
        ],
    )
    folder.batch(
        "activations/batch-0",
        [
            activation("0", ["a", "b"], [1.0]),
            activation("0", [], []),
            activation("0", ["a"], [float("nan")]),
            activation("0", ["a"], [None]),
            activation("77", ["a"], [1.0]),
            activation("77", ["a"], [1.0]),
        ],
    )
    folder.batch("explanations/batch-0", [explanation("77", "lost"), {"modelId": MODEL, "layer": SOURCE, "index": 0}])
    report = await imported(folder)
    said = "\n".join(messages(report))
    assert "features/batch-0.jsonl.gz:3: left out: not JSON" in said
    assert "features/batch-0.jsonl.gz:4: left out: feature 0 came before" in said
    assert "features/batch-0.jsonl.gz:5: left out: index: Input should be greater than or equal to 0" in said
    assert "features/batch-0.jsonl.gz:6: left out: it belongs to toy/4-res-tiny" in said
    assert "features/batch-0.jsonl.gz:7: pos_values[0] is nan (2 of 2 are not numbers): stored as 0" in said
    assert "activations/batch-0.jsonl.gz:1: left out: Value error, 2 tokens but 1 values" in said
    assert "activations/batch-0.jsonl.gz:2: left out: Value error, no tokens" in said
    assert "activations/batch-0.jsonl.gz:3: values[0] is nan" in said
    assert "activations/batch-0.jsonl.gz:5: left out: feature 77 is not in features/" in said
    assert "activations/batch-0.jsonl.gz:6: left out: feature 77 is not in features/" in said
    assert "explanations/batch-0.jsonl.gz:1: left out: feature 77 is not in features/" in said
    assert "explanations/batch-0.jsonl.gz:2: left out: description: Field required" in said
    assert (report.n_features, report.n_examples) == (2, 2)
    assert ((await read(1)).density, (await read(1)).positive_values) == (0, [0, 0])


async def test_a_damaged_file_gives_what_it_holds_and_is_reported(database: str, folder: Folder) -> None:
    folder.write()
    whole = gzip.compress(b"".join(b'{"modelId":"toy","layer":"3-res-tiny","index":%d}\n' % i for i in range(3000)))
    (folder.path / "features/batch-0.jsonl.gz").write_bytes(whole[:-2000])
    report = await import_source(folder.origin, MODEL, SOURCE)
    assert 0 < report.n_features < 3000
    assert any("the file is damaged from here on" in text for text in messages(report))


async def test_cards_that_are_missing_or_point_at_nothing(database: str, folder: Folder) -> None:
    folder.cards = {
        "model": {"id": MODEL, "layers": 0, "defaultSourceId": "9-gone", "defaultSourceSetName": "gone"},
        "sourceset": {"modelId": MODEL, "name": "res-tiny", "releaseName": "unknown", "urls": None},
        "source": {
            "id": SOURCE,
            "modelId": MODEL,
            "setName": None,
            "saelensConfig": '{"hook_name": "blocks.3.hook_resid_post"}',
            "cosSimMatchSourceId": "9-gone",
            "inferenceHosts": [],
        },
    }
    report = await imported(folder)
    assert ["names release 'unknown', which is unknown" in text for text in messages(report)] == [True]
    assert (await catalog.model(MODEL)).default_source_id == SOURCE
    detail = await catalog.source(MODEL, SOURCE)
    assert (detail.source.set_name, detail.source.hook_name) == ("res-tiny", "blocks.3.hook_resid_post")
    (folder.path / "release.jsonl").write_text('{"name": "unknown", "creatorName": "x"}\n')
    await import_source(folder.origin, MODEL, SOURCE)
    assert [one.set_names for one in await catalog.releases()] == [["res-tiny"]]


async def test_a_default_counts_once_it_is_there(database: str, folder: Folder) -> None:
    folder.cards["model"] = {"id": MODEL, "defaultSourceId": "9-late", "defaultSourceSetName": "late"}
    await imported(folder)
    assert (await catalog.model(MODEL)).default_source_id == SOURCE, "what is not there is no default"
    late = Folder(folder.origin, source_id="9-late", cards={})
    late.batch("features/batch-0", [{**feature(0), "layer": "9-late"}])
    await imported(late)
    assert (await catalog.model(MODEL)).default_source_id == "9-late"


async def test_no_cards_at_all(database: str, folder: Folder) -> None:
    folder.cards = {}
    assert messages(await imported(folder)) == []
    assert [one.name for one in await catalog.source_sets(MODEL)] == ["res-tiny"]
    assert (await read(0)).source.n_features == 2


async def test_an_unknown_number_does_not_replace_a_known_one(database: str, folder: Folder) -> None:
    await imported(folder)
    folder.cards["model"] = {"id": MODEL, "layers": 0, "dimension": None}
    await imported(folder)
    model = await catalog.model(MODEL)
    assert (model.layers, model.dimension, model.display_name) == (4, 8, "Toy")


async def test_further_columns_are_kept(database: str, folder: Folder) -> None:
    folder.batch(
        "features/batch-0",
        [feature(0, vector=[0.5, -1.0], hookName="blocks.3.hook_mlp_out", neuron_alignment_l1=[0.1], umap_x=1.5)],
    )
    folder.batch(
        "activations/batch-0",
        [
            activation(
                0,
                ["q", "k"],
                [0.0, 2.0],
                zIndices=[[0], [1]],
                zValues=[0.75],
                dfaValues=[0.5, 0.25],
                dfaTargetIndex=1,
                dfaMaxValue=0.5,
                lossValues=[float("nan"), 1.0],
                logitContributions='{"a": 1}',
                qualifyingTokenIndex=0,
            )
        ],
    )
    await imported(folder)
    view = await read(0)
    assert (view.has_vector, view.extra["vector"], view.extra["umap_x"]) == (True, [0.5, -1.0], 1.5)
    vector = await features.vector(MODEL, SOURCE, 0)
    assert (vector.vector, vector.hook_name) == ([0.5, -1.0], "blocks.3.hook_mlp_out")
    one = view.activations[0]
    assert (one.dfa_values, one.dfa_target_index, one.dfa_max_value) == ([0.5, 0.25], 1, 0.5)
    assert one.qualifying_token_index == 0
    assert one.extra == {
        "zValues": [0.75],
        "zKIndices": [0],
        "zQIndices": [1],
        "lossValues": [None, 1.0],
        "logitContributions": '{"a": 1}',
    }


async def test_embeddings_as_lists_and_as_text(database: str, folder: Folder) -> None:
    as_list = [0.0] * 255 + [3.0]
    lines = [
        explanation(0, "list", embedding=as_list),
        explanation(0, "text", embedding=str(as_list)),
        explanation(1, "none", embedding=None),
        explanation(1, "short", embedding=[1.0, 2.0]),
        explanation(1, "nowhere", embedding=[0.0] * 256),
        explanation(1, "offline", embedding=[1.0] * 384),
    ]
    folder.batch("explanations/batch-0", lines)
    report = await imported(folder)
    assert report.n_explanations == 6
    assert sum("no embedder here has 2 dimensions" in text for text in messages(report)) == 1
    assert sum("it has no direction" in text for text in messages(report)) == 1
    stored = await rows(
        "SELECT x.description, e.embedder_id, CAST(e.embedding AS text) AS v "
        "FROM explanation_embeddings AS e JOIN explanations AS x ON x.number = e.explanation_number ORDER BY 1"
    )
    assert [(one["description"], one["embedder_id"]) for one in stored] == [("list", 2), ("offline", 1), ("text", 2)]
    assert stored[0]["v"] == stored[2]["v"]
    assert stored[0]["v"].endswith(",0,1]"), "vectors are stored with length 1"


async def test_explanation_types_come_from_config_or_by_name(database: str, folder: Folder) -> None:
    folder.batch("explanations/batch-0", [explanation(0, "x", typeName="known"), explanation(1, "y", typeName="new")])
    config = folder.write() / "v1" / "config"
    config.mkdir()
    (config / "explanation_type.jsonl").write_text('{"name": "known", "displayName": "Well known"}\n\n')
    await import_source(folder.origin, MODEL, SOURCE)
    shown = [(await read(index)).explanations[0].type_display_name for index in (0, 1)]
    assert shown == ["Well known", "new"]


async def test_again_replaces_everything_at_once(database: str, folder: Folder) -> None:
    folder.batch("explanations/batch-0", [explanation(1, "old", id="stays")])
    await imported(folder)
    async with session.raw_connection() as connection:
        await connection.execute(
            "INSERT INTO explanations (id, model_id, source_id, index, description, type_name) "
            "VALUES ('mine', 'toy', '3-res-tiny', 1, 'made here', 'written-by-hand')"
        )
    folder.batch("features/batch-0", [feature(1, maxActApprox=7.5)])
    folder.batch("explanations/batch-0", [explanation(1, "new", id="stays")])
    await imported(folder)
    view = await read(1)
    assert view.max_activation == 7.5
    assert [(one.id, one.description) for one in view.explanations] == [("mine", "made here"), ("stays", "new")]
    with pytest.raises(NotFoundError):
        await read(0)
    left = await rows("SELECT count(*) AS n FROM source_generations")
    assert left[0]["n"] == 1
    assert (await catalog.source(MODEL, SOURCE)).source.n_explained == 1
    listed = await features.feature_list(MODEL, SOURCE)
    assert [(one.index, one.explanation) for one in listed.rows] == [(1, "made here")]


async def test_nobody_sees_half_of_an_import(database: str, folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process dies before the switch: the old data is all there is, and the next import is clean."""
    await imported(folder)

    async def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(generations, "put_in_place", killed)
        folder.batch("features/batch-0", [feature(0, maxActApprox=99), feature(5)])
        with pytest.raises(KeyboardInterrupt):
            await imported(folder)
    assert (await read(0)).max_activation == 2.5
    assert (await catalog.source(MODEL, SOURCE)).source.state == "ready"
    assert [one.total for one in [await features.feature_list(MODEL, SOURCE)]] == [2]
    await imported(folder)
    assert (await read(0)).max_activation == 99
    counts = await rows("SELECT (SELECT count(*) FROM features) AS f, (SELECT count(*) FROM source_generations) AS g")
    assert (counts[0]["f"], counts[0]["g"]) == (2, 1)


async def test_two_imports_of_a_source_exclude_each_other(database: str, folder: Folder) -> None:
    folder.write()
    async with generations.importing(MODEL, SOURCE) as right:
        connection = right.connection
        await connection.execute("INSERT INTO models (id) VALUES ('toy')")
        await connection.execute("INSERT INTO source_sets (model_id, name) VALUES ('toy', 'res-tiny')")
        await connection.execute(
            "INSERT INTO sources (model_id, id, set_name) VALUES ('toy', '3-res-tiny', 'res-tiny')"
        )
        await generations.take_up(right, MODEL, SOURCE, "", KINDS, [])
        assert (await catalog.source(MODEL, SOURCE)).source.state == "importing"
        with pytest.raises(UnavailableError, match="is being imported by another process"):
            await import_source(folder.origin, MODEL, SOURCE)
    assert (await catalog.source(MODEL, SOURCE)).source.state == "empty"


async def test_the_locks_outlive_a_silent_connection(
    database: str, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that ends silent transactions does not end an import: its locks give a sign of life."""
    monkeypatch.setattr(generations, "_SIGN_OF_LIFE", 0.2)
    async with session.raw_connection() as connection:
        await connection.set_autocommit(True)
        found = await connection.execute("SELECT current_database()")
        (name,) = await found.fetchone() or ("",)
        await connection.execute(f"ALTER DATABASE {name} SET idle_in_transaction_session_timeout = '4s'".encode())
    folder.write()
    async with generations.importing(MODEL, SOURCE):
        await asyncio.sleep(6)
        with pytest.raises(UnavailableError):
            await import_source(folder.origin, MODEL, SOURCE)


async def test_an_import_that_lost_its_locks_does_not_put_its_data_in_place(
    database: str, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ended(right: generations.Right, *rest: Any) -> int:
        number = await take_up(right, *rest)
        async with session.raw_connection() as other:
            await other.execute("SELECT pg_terminate_backend(%s)", [right.guard.info.backend_pid])
        return number

    take_up = generations.take_up
    monkeypatch.setattr(importing, "_TRIES", 1)
    monkeypatch.setattr(generations, "take_up", ended)
    with pytest.raises(psycopg.OperationalError):
        await imported(folder)
    assert (await catalog.counts())["features"] == 0


async def test_reading_goes_on_while_the_source_is_replaced(database: str, folder: Folder) -> None:
    await imported(folder)
    done = asyncio.Event()

    async def reader() -> int:
        count = 0
        while not done.is_set():
            assert len((await read(1)).activations) == 2
            count += 1
        return count

    reading = asyncio.create_task(reader())
    for _ in range(4):
        await import_source(folder.origin, MODEL, SOURCE, again=True)
    done.set()
    assert await reading > 0


async def test_progress_reaches_the_total(database: str, folder: Folder) -> None:
    told: list[tuple[str, float, float, str]] = []

    class Told(Unwatched):
        def tell(self, step: str, done: float, total: float, unit: str = "") -> None:
            told.append((step, done, total, unit))

    await import_source(folder.write(), MODEL, SOURCE, watch=Told())
    assert [done for _, done, _, _ in told] == sorted(done for _, done, _, _ in told)
    size = sum(p.stat().st_size for p in folder.path.glob("*/batch-*"))
    assert told[-1] == ("finishing", size, size, "bytes")
    assert list(dict.fromkeys(step for step, *_ in told)) == ["features", "activations", "finishing"]


async def test_values_stay_within_the_stated_error(database: str, folder: Folder) -> None:
    values = [0.0, 12.345678, 1.2345e-4, 9.87e-7, 0.33333333]
    folder.batch("activations/batch-0", [activation(0, list("abcde"), values)])
    await imported(folder)
    assert (await read(0)).activations[0].values == pytest.approx(values, rel=RELATIVE_ERROR)


async def test_a_source_that_is_not_there(database: str, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"holds no v1/no/where/features/batch-N\.jsonl\.gz") as caught:
        await import_source(tmp_path, "no", "where")
    assert caught.value.field == "source_id"


async def test_data_that_is_removed_leaves_a_source_without_data(database: str, folder: Folder) -> None:
    await imported(folder)
    async with session.raw_connection() as connection:
        await connection.execute("DELETE FROM source_generations")
    left = await rows("SELECT (SELECT count(*) FROM features) + (SELECT count(*) FROM feature_examples) AS n")
    assert left[0]["n"] == 0
    with pytest.raises(NotFoundError, match="has no dashboards here yet"):
        await read(0)
