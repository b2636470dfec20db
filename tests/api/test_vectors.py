"""Vectors over the API, in the shapes that published clients send and read."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from memicos_app.settings import get_settings
from tests.api.dataset import MODEL
from tests.api.test_problems import assert_problem

pytestmark = pytest.mark.usefixtures("imported")
NEW: dict[str, Any] = {
    "modelId": MODEL,
    "layerNumber": 15,
    "hookType": "hook_resid_post",
    "vector": [0.5] * 576,
    "vectorDefaultSteerStrength": 10,
    "vectorLabel": "<b>calm</b>",
}


async def made(client: httpx.AsyncClient) -> dict[str, Any]:
    body = (await client.post("/vector/new", json=NEW)).json()
    assert body["message"] == "Success"
    return {"url": body["url"], **body["vector"]}


def address(one: dict[str, Any]) -> dict[str, Any]:
    return {"modelId": one["modelId"], "source": one["source"], "index": one["index"]}


async def test_a_vector_is_kept_read_listed_and_deleted(client: httpx.AsyncClient) -> None:
    one = await made(client)
    assert one["url"].startswith(
        f"http://site.example/{MODEL}/steer?source=15-memicos-resid-post&index={one['index']}"
    )
    assert (one["hookName"], one["label"]) == ("blocks.15.hook_resid_post", "<b>calm</b>")
    read = (await client.post("/vector/get/", json=address(one))).json()["vector"]
    assert read["vector"] == one["values"] == NEW["vector"]
    assert (read["layer"], read["vectorLabel"]) == (one["source"], "<b>calm</b>")
    assert read["vectorDefaultSteerStrength"] == 10
    listed = (await client.post("/vector/list-owned")).json()["vectors"]
    assert read in listed
    assert (await client.post("/vector/list-owned", json={"modelId": "gpt2"})).json() == {
        "vectors": [],
        "nextCursor": None,
    }
    presets = (await client.post("/steer/presets", json={"modelId": MODEL})).json()
    assert next(each["name"] for each in presets["featurePresets"] if each["isUserVector"]) == "<b>calm</b>"
    assert (await client.post("/vector/delete", json=address(one))).json() == {"message": "Success"}
    assert_problem(await client.post("/vector/get", json=address(one)), 404)


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"vector": [0.5] * 575}, 400, "vector"),
        ({"vector": ["much"]}, 400, "vector.0"),
        ({"layerNumber": 99}, 400, "layerNumber"),
        ({"hookType": "hook_z"}, 400, "hookType"),
        ({"vectorLabel": None}, 400, "vectorLabel"),
        ({"modelId": "gpt2"}, 404, "modelId"),
    ],
)
async def test_what_cannot_steer_names_the_clients_field(
    client: httpx.AsyncClient, change: dict[str, Any], status: int, field: str
) -> None:
    answer = await client.post("/vector/new", json={**NEW, **change})
    assert assert_problem(answer, status)["field"] == field


async def test_nulls_are_fields_left_out(client: httpx.AsyncClient) -> None:
    body = (await client.post("/vector/new", json={**NEW, "vectorDefaultSteerStrength": None})).json()
    assert body["vector"]["defaultSteerStrength"] == 10


async def test_another_sites_page_deletes_nothing(client: httpx.AsyncClient) -> None:
    one = await made(client)
    answer = await client.post("/vector/delete", json=address(one), headers={"Origin": "http://elsewhere.example"})
    assert assert_problem(answer, 403)["error"] == "forbidden"
    answer = await client.post("/vector/delete", json=address(one), headers={"Origin": "http://site.example"})
    assert answer.status_code == 200


async def test_on_a_public_site_nobody_deletes(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    one = await made(client)
    monkeypatch.setenv("HOST", "0.0.0.0")
    get_settings.cache_clear()
    assert assert_problem(await client.post("/vector/delete", json=address(one)), 401)["error"] == "sign_in"
    get_settings.cache_clear()
