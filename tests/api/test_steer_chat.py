"""Conversations over the API: both sides answered, each with its own history, whole and streamed."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.api.dataset import MODEL, SOURCE
from tests.api.test_problems import assert_problem
from tests.api.test_steering import events

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("module_database")]
HELLO = {"role": "user", "content": "Hello! Who are you?"}
PARTED = [HELLO, {"role": "model", "content": "A ship."}, {"role": "user", "content": "Which one?"}]
BODY: dict[str, Any] = {
    "modelId": MODEL,
    "defaultChatMessages": [HELLO],
    "steeredChatMessages": [HELLO],
    "features": [{"modelId": MODEL, "layer": SOURCE, "index": "10", "strength": 400}],
    "n_tokens": 5,
    "temperature": 0,
    "steer_special_tokens": False,
}


async def chat(client: httpx.AsyncClient, **changes: Any) -> httpx.Response:
    return await client.post("/steer-chat/", json={**BODY, **changes})


async def test_both_sides_answer_and_the_run_is_kept(client: httpx.AsyncClient, worker: str) -> None:
    body = (await chat(client)).json()
    for side in ("DEFAULT", "STEERED"):
        hello, turn = body[side]["chatTemplate"]
        assert hello == HELLO
        assert turn["role"] == "assistant"
        assert turn["content"]
        assert body[side]["raw"].endswith(turn["content"])
        assert HELLO["content"] in body[side]["raw"]
        assert body[side]["chat_template"] == body[side]["chatTemplate"]
        assert all(len(one["topLogprobs"]) == 5 for one in body[side]["logprobs"])
    assert body["DEFAULT"] != body["STEERED"]
    assert body["settings"]["steer_special_tokens"] is False
    loaded = (await client.post("/steer-load", json={"steerOutputId": body["id"]})).json()
    assert {name: loaded[name] for name in ("DEFAULT", "STEERED", "settings", "shareUrl")} == {
        name: body[name] for name in ("DEFAULT", "STEERED", "settings", "shareUrl")
    }


async def test_parted_sides_answer_their_own_histories(client: httpx.AsyncClient, worker: str) -> None:
    answer = await chat(client, steeredChatMessages=PARTED, stream=True)
    *growing, (_, last), (end, done) = events(answer.text)
    assert end == "done"
    assert done == last
    assert len(growing) >= 3
    assert [turn["role"] for turn in last["STEERED"]["chatTemplate"]] == ["user", "assistant", "user", "assistant"]
    assert len(last["DEFAULT"]["chatTemplate"]) == 2
    alone = (await chat(client)).json()
    assert last["DEFAULT"] == alone["DEFAULT"]
    kept = (await client.post("/steer-load", json={"steerOutputId": last["id"]})).json()
    assert kept["STEERED"]["raw"] == last["STEERED"]["raw"]


async def test_deltas_are_of_what_was_said(client: httpx.AsyncClient, worker: str) -> None:
    *growing, (_, whole) = events((await chat(client, stream=True, stream_format="delta")).text)
    said = "".join(one["text"] for _, frame in growing for one in frame["deltas"] if one["type"] == "STEERED")
    assert said == whole["STEERED"]["chatTemplate"][-1]["content"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"defaultChatMessages": []}, "defaultChatMessages"),
        ({"steeredChatMessages": [{"role": "cat", "content": "Meow"}]}, "steeredChatMessages.0.role"),
        ({"steeredChatMessages": [{"role": "user", "content": ""}]}, "steeredChatMessages.0.content"),
        ({"steeredChatMessages": [{**HELLO, "content": "x" * 9000}]}, "steeredChatMessages.0.content"),
        ({"isAssistantAxis": True}, "isAssistantAxis"),
        ({"prompt": "text"}, "prompt"),
    ],
)
async def test_what_cannot_be_right_names_the_clients_field(
    client: httpx.AsyncClient, worker: str, change: dict[str, Any], field: str
) -> None:
    assert assert_problem(await chat(client, **change), 400)["field"] == field
