"""Explanations over the API: read by id, written, changed, deleted and voted on, by the owner alone."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from memicos_app.settings import get_settings
from tests.api.dataset import MODEL, SOURCE
from tests.api.test_problems import assert_problem

pytestmark = pytest.mark.usefixtures("imported")
NEW: dict[str, Any] = {"modelId": MODEL, "layer": SOURCE, "index": "10", "description": "<b>mine</b>\x00"}


async def made(client: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
    answer = await client.post("/explanation/new", json=NEW | changes)
    assert answer.status_code == 200, answer.text
    one: dict[str, Any] = answer.json()["explanation"]
    return one


async def test_what_a_dataset_says(client: httpx.AsyncClient) -> None:
    one = (await client.get("/explanation/explanation-10")).json()["explanation"]
    assert (one["modelId"], one["layer"], one["index"]) == (MODEL, SOURCE, "10")
    assert (one["description"], one["typeName"], one["madeHere"]) == ("<b>feature 10</b>", "np_max-act", False)
    assert one["scores"] == []
    for refused in ("edit", "delete"):
        answer = await client.post(f"/explanation/explanation-10/{refused}", json={"description": "other words"})
        assert assert_problem(answer, 409)["error"] == "conflict"


async def test_own_words_are_kept_changed_and_deleted(client: httpx.AsyncClient) -> None:
    one = await made(client)
    assert (one["description"], one["typeName"], one["madeHere"]) == ("<b>mine</b>\x00", "written-by-hand", True)
    feature = (await client.get(f"/feature/{MODEL}/{SOURCE}/10")).json()
    assert [each["id"] for each in feature["explanations"]] == [one["id"], "explanation-10"]
    assert_problem(await client.post("/explanation/new", json=NEW), 409)
    changed = (await client.post(f"/explanation/{one['id']}/edit", json={"description": "other"})).json()
    assert changed["explanation"]["description"] == "other"
    assert (await client.post(f"/explanation/{one['id']}/delete")).json() == {"message": "Success"}
    assert_problem(await client.get(f"/explanation/{one['id']}"), 404)


async def test_votes(client: httpx.AsyncClient) -> None:
    assert (await client.post("/explanation/explanation-0/vote", json={})).json() == {"votes": 1}
    assert (await client.get("/explanation/explanation-0")).json()["explanation"]["votes"] == 1
    assert (await client.post("/explanation/explanation-0/vote", json={"points": -1})).json() == {"votes": -1}
    assert assert_problem(await client.post("/explanation/explanation-0/vote", json={"points": 3}), 400)["field"]
    assert (await client.post("/explanation/explanation-0/unvote")).json() == {"votes": 0}


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"description": "x" * 513}, 400, "description"),
        ({"description": " \n"}, 400, "description"),
        ({"description": None}, 400, "description"),
        ({"index": "11"}, 404, "index"),
        ({"modelId": "gpt2"}, 404, "modelId"),
        ({"layer": "9-none"}, 404, "layer"),
    ],
)
async def test_what_cannot_be_kept_names_the_field(
    client: httpx.AsyncClient, change: dict[str, Any], status: int, field: str
) -> None:
    answer = await client.post("/explanation/new", json=NEW | change)
    assert assert_problem(answer, status)["field"] == field


WRITES = ("new", "explanation-10/edit", "explanation-10/delete", "explanation-10/vote", "explanation-10/unvote")


@pytest.mark.parametrize("route", WRITES)
async def test_only_the_owner_writes(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, route: str) -> None:
    body = NEW if route == "new" else {"description": "x"} if route.endswith("edit") else {}
    elsewhere = {"Origin": "http://elsewhere.example"}
    answer = await client.post(f"/explanation/{route}", json=body, headers=elsewhere)
    assert assert_problem(answer, 403)["error"] == "forbidden"
    monkeypatch.setenv("HOST", "0.0.0.0")
    get_settings.cache_clear()
    assert_problem(await client.post(f"/explanation/{route}", json=body), 401)
    get_settings.cache_clear()
