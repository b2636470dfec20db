"""Lists, bookmarks, comments and batches of features over the API."""

from __future__ import annotations

import httpx
import pytest

from tests.api import dataset
from tests.api.test_problems import assert_problem

pytestmark = pytest.mark.usefixtures("imported")
AT = [{"modelId": dataset.MODEL, "layer": dataset.SOURCE, "index": str(index)} for index in dataset.INDICES]


async def test_a_list_from_its_making_to_its_end(client: httpx.AsyncClient) -> None:
    made = (await client.post("/list/new", json={"name": "mine", "description": "d", "testText": "a cat"})).json()
    assert (made["name"], made["defaultTestText"], made["nFeatures"], made["user"]["name"]) == (
        "mine",
        "a cat",
        0,
        "owner",
    )
    at = {"listId": made["id"]}
    added = await client.post("/list/add-features/", json={**at, "featuresToAdd": [{**AT[1], "description": "n"}]})
    assert added.json() == [{**at, **AT[1], "description": "n"}]
    assert (await client.post("/list/add-features", json={**at, "featuresToAdd": [AT[1], AT[0]]})).json()[0] == {
        **at,
        **AT[0],
        "description": "",
    }
    found = (await client.post("/list/get", json=at)).json()
    assert [one["index"] for one in found["neurons"]] == ["10", "0"]
    assert found["neurons"][0]["neuron"]["explanations"][0]["description"]
    assert 1 <= len(found["neurons"][0]["neuron"]["activations"]) <= 3
    assert found["next"] is None
    edited = await client.post("/list/edit-feature", json={**at, **AT[0], "description": "why"})
    assert edited.json()["description"] == "why"
    assert (await client.post("/list/remove", json={**at, **AT[1]})).json() is True
    assert assert_problem(await client.post("/list/remove", json={**at, **AT[1]}), 404)["field"] == "index"
    changed = (await client.post("/list/update", json={**at, "name": "ours", "visibility": "unlisted"})).json()
    assert (changed["name"], changed["description"], changed["visibility"]) == ("ours", "d", "UNLISTED")
    assert [one["id"] for one in (await client.post("/list/list")).json()] == [made["id"]]
    comment = (await client.post("/list/comment/new", json={**at, "text": "ok"})).json()
    assert (comment["text"], comment["listId"]) == ("ok", made["id"])
    assert (await client.post("/list/comment/delete", json={"commentId": comment["id"]})).json() is True
    assert (await client.post("/list/delete", json=at)).json() is True
    assert assert_problem(await client.post("/list/get", json=at), 404)["field"] == "listId"


@pytest.mark.parametrize(
    ("route", "body", "status", "field"),
    [
        ("new", {"name": ""}, 400, "name"),
        ("new", {"name": "x", "creatorId": "owner"}, 400, "creatorId"),
        ("new", {"name": "x", "visibility": "hidden"}, 400, "visibility"),
        ("new-with-features", {"name": "x", "features": [{**AT[0], "index": 1}]}, 404, "index"),
        ("update", {"listId": "none", "name": "x"}, 404, "listId"),
    ],
)
async def test_what_cannot_be_names_the_field(
    client: httpx.AsyncClient, route: str, body: dict[str, object], status: int, field: str
) -> None:
    assert assert_problem(await client.post(f"/list/{route}", json=body), status)["field"] == field


async def test_bookmarks_are_kept_once(client: httpx.AsyncClient) -> None:
    assert [(await client.post("/bookmark/add", json=AT[0])).json() for _ in range(2)] == [True, False]
    (found,) = (await client.post("/user/bookmarks")).json()
    assert {name: found[name] for name in AT[0]} == AT[0]
    assert (await client.post("/user/bookmarks", json={"before": found["createdAt"]})).json() == []
    assert [(await client.post("/bookmark/delete", json=AT[0])).json() for _ in range(2)] == [True, False]


async def test_comments_on_features(client: httpx.AsyncClient) -> None:
    assert assert_problem(await client.post("/comment/new", json={**AT[0], "text": "hm"}), 400)["field"] == "text"
    made = (await client.post("/comment/new", json={**AT[0], "text": "<b>well</b>"})).json()
    assert (made["text"], made["index"]) == ("<b>well</b>", "0")
    assert (await client.post("/comment/delete", json={"id": made["id"]})).json() is True
    assert_problem(await client.post("/comment/delete", json={"id": made["id"]}), 404)


async def test_features_in_the_order_asked_for(client: httpx.AsyncClient) -> None:
    asked = [{**AT[2], "maxActsToReturn": 1}, {**AT[0], "index": 1}, AT[0]]
    found = (await client.post("/features", json=asked)).json()
    assert [one and one["index"] for one in found] == ["4000", None, "0"]
    assert [len(one["activations"]) for one in found if one] == [1, 2]
    assert (await client.post("/features", json=[])).json() == []
    page = await client.post(
        "/features-offset", json={"modelId": dataset.MODEL, "layer": dataset.SOURCE, "offset": 1}
    )
    assert [one["index"] for one in page.json()] == ["10", "4000"]


async def test_everything_there_is(client: httpx.AsyncClient) -> None:
    found = (await client.post("/global")).json()
    (one,) = found["models"][dataset.MODEL]["sourceSets"]
    assert dataset.SOURCE in [source["id"] for source in one["sources"]]
    assert {"recall_alt", "eleuther_fuzz"} <= {kind["name"] for kind in found["explanationScoreTypes"]}
