"""Models asked over the API, which really asks: explanations that are kept, scores with what was judged, refusals."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from memicos_app.db import session
from memicos_app.library.datasets.importing import import_source
from memicos_app.library.embedders import soon
from memicos_app.settings import get_settings
from tests.api.test_problems import assert_problem
from tests.chat.server import ChatServer
from tests.conftest import settle
from tests.library.autointerp.source import by_hand
from tests.library.datasets.folder import MODEL, SOURCE

EMBEDDING = {"explanationId": "e0", "scorerType": "eleuther_embedding", "n": 5, "seed": 3}


@pytest.fixture(scope="module", autouse=True)
def judged_source(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Eight features, each with ten texts in which it fires."""
    settle(import_source(by_hand(tmp_path_factory.mktemp("origin")), MODEL, SOURCE))
    settle(session.dispose())


def wanted(chat_server: ChatServer, **changes: Any) -> dict[str, Any]:
    return {
        "modelId": MODEL,
        "layer": SOURCE,
        "index": "1",
        "explanationType": "np_max-act",
        "explanationModelName": f"local:{chat_server.model}",
        **changes,
    }


async def test_an_explanation_is_made_kept_and_made_again(client: httpx.AsyncClient, chat_server: ChatServer) -> None:
    chat_server.told(always={"say": "Explanation: words that count up"})
    answer = await client.post("/explanation/generate", json=wanted(chat_server), timeout=60)
    assert answer.status_code == 200, answer.text
    one = answer.json()["explanation"]
    assert (one["description"], one["typeName"]) == ("words that count up", "np_max-act")
    assert (one["explanationModelName"], one["madeHere"]) == (chat_server.model, True)
    assert (await client.get(f"/explanation/{one['id']}")).json()["explanation"] == one
    refused = await client.post("/explanation/generate", json=wanted(chat_server))
    assert assert_problem(refused, 409)["field"] == "explanationType"
    chat_server.told(always={"say": "Explanation: counting words"})
    again = await client.post("/explanation/generate", json=wanted(chat_server, replace=True))
    assert again.json()["explanation"]["description"] == "counting words"
    assert_problem(await client.get(f"/explanation/{one['id']}"), 404)
    await soon.settled()


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"explanationType": "guessing"}, 404, "explanationType"),
        ({"explanationModelName": "openai:gpt-4o-mini"}, 400, "explanationModelName"),
        ({"explanationModelName": "gpt-4o-mini", "useOpenRouter": True}, 400, "explanationModelName"),
        ({"index": "99"}, 404, "index"),
        ({"layer": "9-none"}, 404, "layer"),
    ],
)
async def test_what_cannot_be_asked_names_the_field(
    client: httpx.AsyncClient, chat_server: ChatServer, change: dict[str, Any], status: int, field: str
) -> None:
    answer = await client.post("/explanation/generate", json=wanted(chat_server, **change))
    assert answer.status_code == status, answer.text
    assert answer.json()["field"] == field
    assert chat_server.asked() == []


async def test_an_answer_that_cannot_be_used_is_no_explanation(
    client: httpx.AsyncClient, chat_server: ChatServer
) -> None:
    chat_server.told(always={"say": "I would rather not."})
    answer = await client.post("/explanation/generate", json=wanted(chat_server, index="2"))
    assert (answer.status_code, answer.json()["error"]) == (502, "provider_bad_answer")
    found = (await client.get(f"/feature/{MODEL}/{SOURCE}/2")).json()["explanations"]
    assert [one["description"] for one in found] == ["word2"]


async def test_a_score_is_made_read_listed_and_taken_back(client: httpx.AsyncClient) -> None:
    answer = await client.post("/explanation/score", json=EMBEDDING, timeout=60)
    assert answer.status_code == 200, answer.text
    one = answer.json()["score"]
    assert (one["explanationId"], one["explanationScoreTypeName"], one["seed"]) == ("e0", "eleuther_embedding", 3)
    assert 0 <= one["low"] <= one["value"] <= one["high"] <= 1
    judged = json.loads(one["jsonDetails"])
    assert (len(judged), one["n"], one["nFailed"]) == (10, 10, 0)
    assert {"str_tokens", "activations", "similarity"} <= judged[0].keys()
    assert (await client.get(f"/explanation/score/{one['id']}")).json()["score"] == one
    listed = (await client.get("/explanation/e0")).json()["explanation"]["scores"]
    assert [each["id"] for each in listed] == [one["id"]]
    assert (await client.post(f"/explanation/score/{one['id']}/delete")).json() == {"message": "Success"}
    assert_problem(await client.get(f"/explanation/score/{one['id']}"), 404)
    assert (await client.get("/explanation/e0")).json()["explanation"]["scores"] == []


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"explanationId": "none"}, 404, "explanationId"),
        ({"scorerType": "guessing"}, 400, "scorerType"),
        ({"scorerType": "recall_alt"}, 400, "scorerModel"),
        ({"n": 2}, 400, "n"),
        ({"seed": -1}, 400, "seed"),
    ],
)
async def test_what_cannot_be_judged_names_the_field(
    client: httpx.AsyncClient, change: dict[str, Any], status: int, field: str
) -> None:
    answer = await client.post("/explanation/score", json=EMBEDDING | change)
    assert assert_problem(answer, status)["field"] == field


async def test_only_the_owner_asks(
    client: httpx.AsyncClient, chat_server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[str, dict[str, Any]]] = [
        ("generate", wanted(chat_server)),
        ("score", EMBEDDING),
        ("score/x/delete", {}),
    ]
    for route, body in calls:
        elsewhere = {"Origin": "http://elsewhere.example"}
        assert_problem(await client.post(f"/explanation/{route}", json=body, headers=elsewhere), 403)
    monkeypatch.setenv("HOST", "0.0.0.0")
    get_settings.cache_clear()
    for route, body in calls:
        assert_problem(await client.post(f"/explanation/{route}", json=body), 401)
    assert chat_server.asked() == []
    get_settings.cache_clear()
