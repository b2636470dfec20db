"""Maps of real sources in a real database: made by a job, kept with their data, imported, found."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from memicos_app.db import session
from memicos_app.library.datasets.importing import import_source
from memicos_app.library.datasets.line_embeddings import vector_text
from memicos_app.library.embedders import minilm
from memicos_app.library.errors import BadInputError, NotFoundError, UnavailableError
from memicos_app.library.maps import blocks, finding, keeping, making, reading
from memicos_app.library.maps.blocks import Measures, Points
from memicos_app.library.maps.vectors import SourceData, data_of, of_explanations
from memicos_app.library.maps.views import Cluster
from memicos_app.library.query import row, rows
from memicos_app.library.watch import UNWATCHED
from memicos_app.settings import get_settings
from tests.library.datasets.folder import MODEL, SOURCE, Folder, explanation, feature

OTHER = "4-res-tiny"
N = 24
TOPICS = ("rivers and lakes of the north", "soup with bread and fish")


def folder(origin: Path, source_id: str = SOURCE, **more: float) -> Folder:
    """A source of two topics, the even indices about one and the odd ones about the other."""
    made = Folder(origin, source_id=source_id)
    made.cards["source"] = {"id": source_id, "modelId": MODEL, "setName": "res-tiny", "saelensConfig": {"d_sae": 64}}
    place = {"layer": source_id}
    made.batch("features/batch-0", [feature(i, **place, frac_nonzero=0.001 * (i + 1)) for i in range(N)])
    texts = [f"{TOPICS[i % 2]} {i}" for i in range(N)]
    made.batch("explanations/batch-0", [explanation(i, text, **place, **more) for i, text in enumerate(texts)])
    return made


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    get_settings.cache_clear()
    return tmp_path / "data"


@pytest.fixture
async def sources(database: str, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two sources whose explanations have vectors, without the seconds that a model takes."""
    for source_id in (SOURCE, OTHER):
        await import_source(folder(tmp_path / "origin", source_id).write(), MODEL, source_id)
        await embed(source_id)
    monkeypatch.setattr(minilm, "available", lambda: False)


async def embed(source_id: str) -> None:
    random = np.random.default_rng(0)
    topics = random.standard_normal((2, 384))
    found = await rows("SELECT number, index FROM explanations WHERE source_id = :source", source=source_id)
    async with session.raw_connection() as connection:
        for one in found:
            vector = topics[one["index"] % 2] + 0.3 * random.standard_normal(384)
            text = vector_text((vector / np.linalg.norm(vector)).astype(np.float32))
            values = [one["number"], text]
            await connection.execute("INSERT INTO explanation_embeddings VALUES (1, %s, %s::halfvec)", values)


def points(indices: Sequence[int]) -> Points:
    places = np.linspace(-1, 1, len(indices), dtype=np.float32)
    clusters = np.asarray([index % 2 for index in indices], np.int16)
    return Points(np.asarray(indices, np.uint32), places, -places, clusters)


async def kept(*source_ids: str) -> int:
    layers = [(one, points(range(N))) for one in await data_of(MODEL, source_ids or [SOURCE])]
    clusters = [Cluster(0, "rivers", N // 2, 0, 0), Cluster(1, "soup", N // 2, 0, 0)]
    return await keeping.keep(MODEL, "explanations", layers, clusters, {"seed": 0})


@pytest.mark.usefixtures("sources")
async def test_one_map_of_two_sources_by_what_explanations_mean(data_dir: Path) -> None:
    made = await making.make(MODEL, [OTHER, SOURCE], "explanations", UNWATCHED)
    assert (made["points"], made["clusters"]) == (2 * N, 2)
    (view,) = await reading.maps_of(MODEL, SOURCE)
    assert (view.id, view.kind, view.source_ids, view.n_points) == (made["map"], "explanations", [SOURCE, OTHER], 48)
    assert {one.name.split(", ")[0] for one in view.clusters} <= {"bread", "fish", "lakes", "north", "rivers", "soup"}
    assert view.made["embedder"] == "all-minilm-l6-v2"
    layers = await reading.layers_of(view.id)
    for source_id, _, found in layers:
        assert found.indices.tolist() == list(range(N)), source_id
        by_topic = {int(found.clusters[i]) for i in range(0, N, 2)}, {int(found.clusters[i]) for i in range(1, N, 2)}
        assert by_topic[0].isdisjoint(by_topic[1])
    assert not list((data_dir / "maps").iterdir()), "nothing is left behind"
    assert [one.id for one in await finding.common(MODEL, [SOURCE, OTHER])] == [view.id]


@pytest.mark.usefixtures("sources")
async def test_vectors_are_those_of_the_first_explanation_that_has_one() -> None:
    embedder, (found,) = await of_explanations(MODEL, await data_of(MODEL, [SOURCE]), UNWATCHED)
    assert (embedder, found.indices.tolist(), found.vectors.shape) == ("all-minilm-l6-v2", list(range(N)), (N, 384))
    np.testing.assert_allclose(np.linalg.norm(found.vectors, axis=1), 1, atol=1e-6)
    alike = found.vectors @ found.vectors.T
    assert alike[0, 2] > 0.7 > alike[0, 1]


@pytest.mark.usefixtures("sources")
async def test_a_map_replaces_the_one_before_and_goes_with_its_data(tmp_path: Path) -> None:
    first = await kept()
    second = await kept()
    assert [one.id for one in await reading.maps_of(MODEL, SOURCE)] == [second]
    with pytest.raises(NotFoundError):
        await reading.map_view(first)
    await import_source(folder(tmp_path / "anew").write(), MODEL, SOURCE)
    assert await reading.maps_of(MODEL, SOURCE) == []
    with pytest.raises(NotFoundError, match="maps go when their source is imported anew"):
        await reading.points(second)


@pytest.mark.usefixtures("sources")
async def test_points_of_data_that_is_gone_are_not_kept() -> None:
    old = SourceData(SOURCE, 0, 3)
    with pytest.raises(UnavailableError):
        await keeping.keep(MODEL, "explanations", [(old, points(range(N)))], [], {})
    assert await row("SELECT FROM feature_maps") is None


@pytest.mark.usefixtures("sources")
async def test_a_browser_gets_points_density_and_score() -> None:
    number = await kept(SOURCE, OTHER)
    head, layers = unwired(await reading.points(number))
    assert [one["source"] for one in head["layers"]] == [SOURCE, OTHER]
    assert head["bounds"] == [-1, 1, -1, 1]
    assert [one["name"] for one in head["clusters"]] == ["rivers", "soup"]
    found, measures = layers[1]
    np.testing.assert_array_equal(found.clusters, np.arange(N) % 2)
    np.testing.assert_allclose(measures.density, 0.001 * (np.arange(N) + 1), rtol=1e-5)
    assert np.isnan(measures.score).all()


def unwired(data: bytes) -> tuple[dict, list[tuple[Points, Measures]]]:  # type: ignore[type-arg]
    """What `blocks.wire` wrote, read as its docstring says."""
    import json

    (length,) = struct.unpack_from("<I", data)
    head, at, layers = json.loads(data[4 : 4 + length]), 4 + length, []
    for layer in head["layers"]:
        columns = []
        for kind in ("<u4", "<f4", "<f4", "<f4", "<f4", "<i2"):
            columns.append(np.frombuffer(data, kind, layer["n"], at))
            at += columns[-1].nbytes
        at += -at % 4
        indices, x, y, density, score, clusters = columns
        layers.append((Points(indices, x, y, clusters), Measures(density, score)))
    assert at == len(data)
    return head, layers


def test_blocks_give_back_what_was_packed_whatever_the_number_of_points() -> None:
    for n in (0, 1, 3, 500):
        before = points(range(n))
        after = blocks.unpack(blocks.pack(before), n)
        for name in ("indices", "x", "y", "clusters"):
            np.testing.assert_array_equal(getattr(before, name), getattr(after, name))
        measures = Measures(before.x, before.y)
        _, ((found, measured), _) = unwired(
            blocks.wire({"layers": [{"n": n}, {"n": n}]}, [(before, measures), (before, measures)])
        )
        np.testing.assert_array_equal(found.clusters, before.clusters)
        np.testing.assert_array_equal(measured.score, before.y)


@pytest.mark.usefixtures("sources")
async def test_words_of_points_and_points_of_words() -> None:
    number = await kept()
    assert await reading.words(number, SOURCE, [0, 3, 999]) == {0: f"{TOPICS[0]} 0", 3: f"{TOPICS[1]} 3"}
    assert await finding.find(number, "BREAD soup") == {SOURCE: list(range(1, N, 2))}
    assert await finding.find(number, "100% _") == {}
    with pytest.raises(BadInputError):
        await finding.find(number, "  ")
    with pytest.raises(NotFoundError):
        await reading.words(number, OTHER, [0])


async def test_coordinates_that_came_along_are_a_map_as_they_are(database: str, tmp_path: Path) -> None:
    made = folder(tmp_path)
    for place, line in enumerate(made.batches["explanations/batch-0"]):
        assert isinstance(line, dict)
        line |= {"umap_x": 10.5 + place, "umap_y": -place, "umap_cluster": 7 if place % 2 else 2}
    odd = made.batches["explanations/batch-0"][5]
    assert isinstance(odd, dict)
    odd["umap_x"] = "<b>"
    origin = made.write()
    await import_source(origin, MODEL, SOURCE)
    (view,) = await reading.maps_of(MODEL, SOURCE)
    assert (view.kind, view.n_points, {one.number for one in view.clusters}) == ("imported", N, {2, 7})
    rows_found = (await reading.rows_of(view.id))[SOURCE]
    first = rows_found[0]
    assert (first["index"], first["umap_x"], first["umap_cluster"]) == ("0", 10.5, 2)
    assert first["description"] == f"{TOPICS[0]} 0"
    assert first["umap_log_feature_sparsity"] == pytest.approx(-3)
    assert rows_found[5]["umap_x"] == 0
    assert rows_found[1]["umap_y"] == -1
    await import_source(origin, MODEL, SOURCE)
    assert [one.id for one in await reading.maps_of(MODEL, SOURCE)] == [view.id]


async def test_what_makes_no_map_is_refused(database: str, data_dir: Path, tmp_path: Path) -> None:
    await import_source(folder(tmp_path / "origin").write(), MODEL, SOURCE)
    with pytest.raises(BadInputError, match="explanations or decoder, not 'colour'"):
        await making.ask(MODEL, [SOURCE], "colour")
    with pytest.raises(NotFoundError, match="toy/9-none is not imported"):
        await making.ask(MODEL, [SOURCE, "9-none"], "decoder")
    with pytest.raises(BadInputError, match="Name at least one source"):
        await making.ask(MODEL, [], "decoder")
    with pytest.raises(BadInputError, match="weights of toy/3-res-tiny are not here"):
        await making.make(MODEL, [SOURCE], "decoder", UNWATCHED)
    with pytest.raises(NotFoundError, match=f"There is no map of {MODEL}/{SOURCE} yet"):
        await finding.common(MODEL, [SOURCE])
