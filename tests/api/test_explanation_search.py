"""The four routes of search by explanation: shapes, offsets, scopes, failures."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from memicos_app.db import session
from memicos_app.library.embedders import filling
from tests.api import dataset
from tests.conftest import settle

SOURCES = {"modelId": dataset.MODEL, "layers": [dataset.SOURCE]}


@pytest.fixture(scope="module", autouse=True)
def embedded(imported: str) -> str:
    settle(filling.embed_explanations())
    settle(session.dispose())
    return imported


async def post(client: httpx.AsyncClient, route: str, body: dict[str, Any]) -> httpx.Response:
    return await client.post(f"/explanation/{route}", json=body)


@pytest.mark.parametrize(
    ("route", "body"),
    [
        ("search", SOURCES),
        ("search-model", {"modelId": dataset.MODEL}),
        ("search-all", {}),
    ],
)
async def test_every_scope_answers_the_same_shape(
    client: httpx.AsyncClient, route: str, body: dict[str, Any]
) -> None:
    answer = await post(client, route, {**body, "query": "feature 10"})
    assert answer.status_code == 200
    found = answer.json()
    assert found["request"] == {**body, "query": "feature 10", "offset": 0}
    assert (found["resultsCount"], found["hasMore"], found["nextOffset"]) == (3, False, 3)
    first = found["results"][0]
    assert (first["modelId"], first["layer"], first["index"]) == (dataset.MODEL, dataset.SOURCE, "10")
    assert (first["description"], first["typeName"]) == ("<b>feature 10</b>", "np_max-act")
    assert first["explanationModelName"] is None
    assert 0.5 < first["cosine_similarity"] <= 1
    assert first["neuron"]["index"] == "10"
    assert len(first["neuron"]["activations"]) == 2


async def test_offsets_hold_everything_once(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("memicos_app.api.explanation_search.PER_PAGE", 2)
    monkeypatch.setattr("memicos_app.library.explanation_search.BLOCKS", (1, 2, 40))
    first = (await post(client, "search-all", {"query": "feature"})).json()
    assert (first["resultsCount"], first["hasMore"], first["nextOffset"]) == (2, True, 2)
    second = (await post(client, "search-all", {"query": "feature", "offset": first["nextOffset"]})).json()
    assert (second["resultsCount"], second["hasMore"], second["nextOffset"]) == (1, False, 3)
    seen = [one["index"] for one in [*first["results"], *second["results"]]]
    assert sorted(seen, key=int) == [str(index) for index in dataset.INDICES]
    beyond = (await post(client, "search-all", {"query": "feature", "offset": 99})).json()
    assert (beyond["resultsCount"], beyond["hasMore"]) == (0, False)


@pytest.mark.parametrize(
    ("route", "body", "status", "field"),
    [
        ("search", {"query": "cats", "modelId": dataset.MODEL, "layers": ["9-none"]}, 404, "layers"),
        ("search", {"query": "cats", "modelId": dataset.MODEL, "layers": []}, 400, "layers"),
        ("search-model", {"query": "cats", "modelId": "none"}, 404, "modelId"),
        ("search-release", {"query": "cats", "releaseName": "none"}, 404, "releaseName"),
        ("search-all", {"query": "ca"}, 400, "query"),
        ("search-all", {"query": "   "}, 400, "query"),
        ("search-all", {"query": "cats", "offset": -1}, 400, "offset"),
        ("search-all", {}, 400, "query"),
    ],
)
async def test_bad_requests_name_the_field(
    client: httpx.AsyncClient, route: str, body: dict[str, Any], status: int, field: str
) -> None:
    answer = await post(client, route, body)
    assert (answer.status_code, answer.json()["field"]) == (status, field)
