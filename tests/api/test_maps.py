"""Maps over the API: as published clients read them, as bytes, and asked for by the owner alone."""

from __future__ import annotations

import struct

import httpx
import numpy as np
import pytest

from memicos_app.db import session
from memicos_app.library.maps import keeping
from memicos_app.library.maps.blocks import Points
from memicos_app.library.maps.vectors import data_of
from memicos_app.library.maps.views import Cluster
from tests.api.dataset import INDICES, MODEL, SOURCE
from tests.api.test_problems import assert_problem
from tests.conftest import settle

POINTS = Points(
    np.asarray(INDICES, np.uint32),
    np.asarray([0.5, -0.25, 1], np.float32),
    np.asarray([1, 0, -1], np.float32),
    np.asarray([0, 0, -1], np.int16),
)


@pytest.fixture(scope="module")
def map_id(imported: str) -> int:
    """A map of the small dataset."""
    made: list[int] = []

    async def make() -> None:
        layers = [(one, POINTS) for one in await data_of(MODEL, [SOURCE])]
        made.append(await keeping.keep(MODEL, "explanations", layers, [Cluster(0, "<b>cats", 2, 0.1, 0.5)], {}))

    settle(make())
    settle(session.dispose())
    return made[0]


async def test_published_clients_read_every_point(client: httpx.AsyncClient, map_id: int) -> None:
    answer = (await client.post("/umap", json={"modelId": MODEL, "layers": [SOURCE]})).json()
    assert list(answer) == [SOURCE]
    assert [one["index"] for one in answer[SOURCE]] == ["0", "10", "4000"]
    assert answer[SOURCE][1] == {
        "id": "explanation-10",
        "layer": SOURCE,
        "index": "10",
        "description": "<b>feature 10</b>",
        "umap_x": -0.25,
        "umap_y": 0.0,
        "umap_cluster": 0,
        "umap_log_feature_sparsity": pytest.approx(-2),
    }


async def test_a_browser_reads_bytes(client: httpx.AsyncClient, map_id: int) -> None:
    answer = await client.get(f"/map/{map_id}/points")
    assert answer.headers["content-type"] == "application/octet-stream"
    (length,) = struct.unpack_from("<I", answer.content)
    assert np.frombuffer(answer.content, "<u4", 3, 4 + length).tolist() == list(INDICES)
    listed = (await client.get(f"/maps/{MODEL}/{SOURCE}")).json()["maps"]
    assert [(one["id"], one["by"], one["layers"]) for one in listed] == [
        (map_id, "explanations", [{"source": SOURCE, "n": 3}])
    ]
    assert listed[0]["clusters"][0]["name"] == "<b>cats"


async def test_points_are_found_and_named(client: httpx.AsyncClient, map_id: int) -> None:
    found = await client.get(f"/map/{map_id}/words/{SOURCE}", params={"indices": "0-20"})
    assert found.json() == {"0": "<b>feature 0</b>", "10": "<b>feature 10</b>"}
    hits = await client.get(f"/map/{map_id}/find", params={"query": "feature 10"})
    assert hits.json() == {SOURCE: [10]}


async def test_what_cannot_be_right_is_said(client: httpx.AsyncClient, map_id: int) -> None:
    async def field(method: str, path: str, status: int, **more: object) -> object:
        return assert_problem(await client.request(method, path, **more), status)["field"]  # type: ignore[arg-type]

    assert await field("GET", "/map/999999/points", 404) == "map_id"
    assert await field("GET", f"/map/{map_id}/words/{SOURCE}?indices=x", 400) == "indices"
    assert await field("GET", f"/map/{map_id}/words/{SOURCE}?indices=0-9999", 400) == "indices"
    assert await field("GET", f"/map/{map_id}/words/nowhere?indices=1", 404) == "source"
    assert await field("GET", f"/map/{map_id}/find?query=", 400) == "query"
    assert await field("POST", "/umap", 400, json={"modelId": MODEL, "layers": []}) == "layers"
    assert await field("POST", "/umap", 404, json={"modelId": MODEL, "layers": ["9-none"]}) == "layers"
    by_decoder = {"modelId": MODEL, "layers": [SOURCE], "by": "decoder"}
    assert await field("POST", "/umap", 404, json=by_decoder) == "layers"


async def test_the_owner_asks_for_one_once(client: httpx.AsyncClient, map_id: int) -> None:
    asked = {"modelId": MODEL, "layers": [SOURCE], "by": "decoder"}
    first, second = [(await client.post("/map/new", json=asked)).json() for _ in range(2)]
    assert (first["kind"], first["arguments"]) == ("map", {"model": MODEL, "sources": [SOURCE], "by": "decoder"})
    assert first["id"] == second["id"]
    assert_problem(await client.post("/map/new", json=asked, headers={"origin": "https://elsewhere.example"}), 403)
    nowhere = asked | {"layers": ["9-none"]}
    assert assert_problem(await client.post("/map/new", json=nowhere), 404)["field"] == "layers"
