"""Models and source sets over the API, in the shapes that published clients send and read."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from memicos_app.settings import get_settings
from tests.api.test_problems import assert_problem

MODEL = {"id": "Pup-Model-3", "layers": 3, "displayName": None, "url": None}
SET = {"name": "puppyscope-res-16k", "modelId": "pup-model-3", "description": None, "url": "https://example.org/x"}


@pytest.fixture
async def model(client: httpx.AsyncClient, database: str) -> dict[str, Any]:
    made: dict[str, Any] = (await client.post("/model/new", json=MODEL)).json()
    return made


async def test_a_model_is_made_read_and_listed(client: httpx.AsyncClient, model: dict[str, Any]) -> None:
    assert (model["id"], model["layers"], model["displayName"], model["website"]) == (
        "pup-model-3",
        3,
        "pup-model-3",
        None,
    )
    assert (await client.post("/model/get", json={"id": "pup-model-3"})).json() == model
    assert (await client.post("/model/list")).json()[0]["id"] in {"pup-model-3", "smollm2-135m-it"}
    again = assert_problem(await client.post("/model/new", json=MODEL), 409)
    assert (again["error"], again["field"]) == ("conflict", "id")
    assert assert_problem(await client.post("/model/get", json={"id": "none"}), 404)["field"] == "id"


async def test_a_set_has_a_source_for_each_layer_at_once(client: httpx.AsyncClient, model: dict[str, Any]) -> None:
    made = (await client.post("/source-set/new", json=SET)).json()
    assert (made["name"], made["modelId"], made["description"], made["urls"]) == (
        "puppyscope-res-16k",
        "pup-model-3",
        "",
        ["https://example.org/x"],
    )
    assert [(one["id"], one["setName"], one["modelId"]) for one in made["sources"]] == [
        (f"{layer}-puppyscope-res-16k", "puppyscope-res-16k", "pup-model-3") for layer in range(3)
    ]
    assert (await client.get("/source-set/pup-model-3/puppyscope-res-16k")).json() == made
    assert assert_problem(await client.post("/source-set/new", json=SET), 409)["field"] == "name"
    assert_problem(await client.get("/source-set/pup-model-3/none"), 404)


@pytest.mark.parametrize(
    ("path", "body", "status", "field"),
    [
        ("/model/new", {**MODEL, "id": "a b"}, 400, "id"),
        ("/model/new", {**MODEL, "layers": "many"}, 400, "layers"),
        ("/model/new", {**MODEL, "layers": 0}, 400, "layers"),
        ("/model/new", {**MODEL, "url": "ftp://x"}, 400, "url"),
        ("/model/new", {**MODEL, "creatorId": "somebody"}, 400, "creatorId"),
        ("/source-set/new", {**SET, "visibility": "public"}, 400, "visibility"),
        ("/model/new", {**MODEL, "displayName": "x" * 200}, 400, "displayName"),
        ("/source-set/new", {**SET, "modelId": "none"}, 404, "modelId"),
        ("/source-set/new", {**SET, "name": "3-x"}, 400, "name"),
        ("/source-set/new", {**SET, "layers": [3]}, 400, "layers"),
        ("/source-set/new", {**SET, "hookPoint": "blocks.1.x"}, 400, "hookPoint"),
    ],
)
async def test_what_cannot_be_names_the_clients_field(
    client: httpx.AsyncClient, model: dict[str, Any], path: str, body: dict[str, Any], status: int, field: str
) -> None:
    assert assert_problem(await client.post(path, json=body), status)["field"] == field


WRITING = [
    ("/model/new", MODEL),
    ("/source-set/new", SET),
    ("/feature/upload-batch", {"modelId": "m", "source": "0-s", "features": [{"index": 0, "activations": []}]}),
    ("/activation/upload-batch", {"modelId": "m", "source": "0-s", "index": 0, "activations": []}),
    ("/upload/batch", {}),
]


@pytest.mark.parametrize(("path", "body"), WRITING)
async def test_another_sites_page_changes_nothing(
    client: httpx.AsyncClient, database: str, path: str, body: dict[str, Any]
) -> None:
    answer = await client.post(path, json=body, headers={"Origin": "http://elsewhere.example"})
    assert assert_problem(answer, 403)["error"] == "forbidden"


@pytest.mark.parametrize(("path", "body"), WRITING)
async def test_on_a_public_site_nobody_changes_anything(
    client: httpx.AsyncClient, database: str, path: str, body: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOST", "0.0.0.0")
    get_settings.cache_clear()
    assert assert_problem(await client.post(path, json=body), 401)["error"] == "sign_in"
    get_settings.cache_clear()
