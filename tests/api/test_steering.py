"""Steering over the API: whole and streamed answers, runs that are kept, and what happens when somebody leaves."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import ExitStack
from itertools import pairwise
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from inference_worker.server import create_app
from memicos_app.api.app import api
from memicos_app.library import readiness
from tests.api.conftest import LOADING, using
from tests.api.dataset import MODEL, SOURCE
from tests.api.test_problems import assert_problem
from tests.inference_worker import serving

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("module_database")]
FEATURE = {"modelId": MODEL, "layer": SOURCE, "index": "10", "strength": 400}
BODY = {"modelId": MODEL, "prompt": "The weather today is", "features": [FEATURE], "n_tokens": 5, "temperature": 0}
HOOK = "blocks.15.hook_resid_post"
LONG = {**BODY, "n_tokens": 256, "stream": True}
SAME = ("STEERED", "DEFAULT", "steeredLogProbs", "defaultLogProbs")
Event = tuple[str, dict[str, Any]]


def events(text: str) -> list[Event]:
    """(event, content) of each frame of a stream."""
    found = []
    for block in text.strip().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.split("\n"))
        found.append((lines.get("event", ""), json.loads(lines["data"])))
    return found


async def steer(client: httpx.AsyncClient, **changes: Any) -> httpx.Response:
    return await client.post("/steer", json={**BODY, **changes})


async def test_a_whole_answer_has_what_clients_read(client: httpx.AsyncClient, worker: str) -> None:
    body = (await steer(client)).json()
    assert body["STEERED"] != body["DEFAULT"]
    assert body["shareUrl"] == f"http://site.example/steer/{body['id']}"
    assert body["limit"] is None
    assert body["finishReasons"] == {"STEERED": "length", "DEFAULT": "length"}
    for name, text in (("steeredLogProbs", "STEERED"), ("defaultLogProbs", "DEFAULT")):
        assert "".join(one["token"] for one in body[name]) == body[text]
        assert all(len(one["topLogprobs"]) == 5 for one in body[name])
        assert all(one["logprob"] <= 0 for one in body[name])


async def test_a_stream_grows_and_ends_as_the_whole_answer(client: httpx.AsyncClient, worker: str) -> None:
    whole = (await steer(client)).json()
    answer = await steer(client, stream=True)
    assert answer.headers["content-type"].startswith("text/event-stream")
    *growing, (name, last), (end, done) = events(answer.text)
    assert (name, end) == ("", "done")
    assert {key: last[key] for key in SAME} == {key: whole[key] for key in SAME}
    assert done == last
    assert last["shareUrl"].endswith(last["id"])
    texts = [frame["STEERED"] for _, frame in growing] + [last["STEERED"]]
    assert all(after.startswith(before) for before, after in pairwise(texts))
    assert all(frame["id"] is None and set(frame) == set(last) for _, frame in growing)
    assert not any(frame["steeredLogProbs"] for _, frame in growing if not frame["finishReasons"]["STEERED"])
    assert len(growing) >= 3


async def test_a_stream_that_outlasts_its_process_ends_with_an_error(
    client: httpx.AsyncClient, worker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "_ends_at", 0.0)
    found = events((await steer(client, stream=True)).text)
    assert found[-1][0] == "error"
    assert found[-1][1]["error"] == "unavailable"
    assert "ask again" in found[-1][1]["message"]


async def test_a_delta_stream_adds_up_to_the_whole_answer(client: httpx.AsyncClient, worker: str) -> None:
    answer = await steer(client, stream=True, stream_format="delta")
    *growing, (end, whole) = events(answer.text)
    assert end == "done"
    deltas = [delta for _, frame in growing for delta in frame["deltas"]]
    for side, name in (("DEFAULT", "defaultLogProbs"), ("STEERED", "steeredLogProbs")):
        own = [delta for delta in deltas if delta["type"] == side]
        assert "".join(delta["text"] for delta in own) == whole[side]
        assert [one for delta in own for one in delta["logprobs"]] == whole[name]
        assert [delta["finishReason"] for delta in own if delta["finishReason"]] == ["length"]
    assert next(line for line in answer.text.split("\n") if line.startswith("id: ")) == "id: 1"
    assert len(answer.text) < len((await steer(client, stream=True)).text)


async def test_a_vector_of_ones_own_steers_by_its_address(client: httpx.AsyncClient, worker: str) -> None:
    vector = [9.0] * 576
    new = {"modelId": MODEL, "layerNumber": 15, "hookType": "hook_resid_post", "vector": vector, "vectorLabel": "v"}
    made = (await client.post("/vector/new", json=new)).json()["vector"]
    kept = {"modelId": MODEL, "source": made["source"], "index": made["index"], "strength": 9}
    by_address = (await steer(client, features=[kept])).json()
    by_value = (await steer(client, features=[], vectors=[{"vector": vector, "strength": 9, "hook": HOOK}])).json()
    assert by_address["STEERED"] == by_value["STEERED"] != by_address["DEFAULT"]
    loaded = (await client.post("/steer-load", json={"id": by_address["id"]})).json()
    assert loaded["vectors"] == [{"vector": vector, "strength": 9, "hook": HOOK, "label": "v"}]


async def test_nulls_are_fields_left_out(client: httpx.AsyncClient, worker: str) -> None:
    nulls = dict.fromkeys(("seed", "stop", "condition", "vectors", "stream_format", "top_p"))
    assert (await steer(client, **nulls)).json()["DEFAULT"] == (await steer(client)).json()["DEFAULT"]


async def test_strength_zero_is_the_unsteered_text(client: httpx.AsyncClient, worker: str) -> None:
    body = (await steer(client, features=[{**FEATURE, "strength": 0}], temperature=0.7)).json()
    assert body["STEERED"] == body["DEFAULT"]
    assert body["steeredLogProbs"] == body["defaultLogProbs"]


@pytest.mark.parametrize(
    ("change", "effect"),
    [
        ({"seed": 17, "temperature": 1.5}, "DEFAULT"),
        ({"strength_multiplier": 0}, "STEERED"),
        ({"n_tokens": 2}, "DEFAULT"),
        ({"prompt": "My favourite animal is"}, "DEFAULT"),
        ({"features": []}, "STEERED"),
        ({"steer_method": "PROJECTION_CAP"}, "STEERED"),
        ({"positions": "prompt"}, "STEERED"),
        ({"condition": {"source": SOURCE, "index": 7, "threshold": 1e9}}, "STEERED"),
        ({"features": [], "vectors": [{"vector": [9.0] * 576, "strength": 9, "hook": HOOK}]}, "STEERED"),
        ({"stop": [" "]}, "DEFAULT"),
    ],
)
async def test_every_parameter_has_an_effect(
    client: httpx.AsyncClient, worker: str, change: dict[str, Any], effect: str
) -> None:
    before, after = (await steer(client)).json(), (await steer(client, **change)).json()
    assert before[effect] != after[effect]


async def test_a_kept_run_is_loaded_as_it_was(client: httpx.AsyncClient, worker: str) -> None:
    made = (await steer(client)).json()
    loaded = (await client.post("/steer-load", json={"steerOutputId": made["id"]})).json()
    assert {key: loaded[key] for key in (*SAME, "id", "shareUrl")} == {
        key: made[key] for key in (*SAME, "id", "shareUrl")
    }
    assert loaded["inputText"] == BODY["prompt"]
    assert not loaded["outputTextIncludesPrompt"]
    (feature,) = loaded["features"]
    assert feature == {"modelId": MODEL, "layer": SOURCE, "source": SOURCE, "index": 10, "strength": 400}
    assert loaded["settings"]["n_tokens"] == 5
    answer = await client.post("/steer-load", json={"steerOutputId": "none"})
    assert assert_problem(answer, 404)["field"] == "steerOutputId"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"prompt": ""}, 400, "prompt"),
        ({"prompt": "x" * 2049}, 400, "prompt"),
        ({"n_tokens": 0}, 400, "n_tokens"),
        ({"n_tokens": 257}, 400, "n_tokens"),
        ({"temperature": -0.1}, 400, "temperature"),
        ({"freq_penalty": 3}, 400, "freq_penalty"),
        ({"seed": 10**9}, 400, "seed"),
        ({"seed": 1.5}, 400, "seed"),
        ({"strength_multiplier": 11}, 400, "strength_multiplier"),
        ({"steer_method": "MAGIC"}, 400, "steer_method"),
        ({"positions": "some"}, 400, "positions"),
        ({"top_p": 1.1}, 400, "top_p"),
        ({"stop": ["x"] * 9}, 400, "stop"),
        ({"n_logprobs": 11}, 400, "n_logprobs"),
        ({"stream_format": "smoke"}, 400, "stream_format"),
        ({"condition": {"source": SOURCE, "index": -1}}, 400, "condition.index"),
        ({"vectors": [{"vector": [1.0], "strength": 1, "hook": HOOK}]}, 400, "vectors.0.vector"),
        ({"features": [{**FEATURE, "layer": "15-memicos-resid-post"}]}, 404, "features.0.index"),
        ({"nTokens": 3}, 400, "nTokens"),
        ({"features": [{**FEATURE, "strength": "much"}]}, 400, "features.0.strength"),
        ({"features": [FEATURE, {**FEATURE, "strength": 1e9}]}, 400, "features.1.strength"),
        ({"features": [{**FEATURE, "layer": "16-none"}]}, 404, "features.0.layer"),
        ({"modelId": "gpt2"}, 404, "modelId"),
    ],
)
async def test_what_cannot_be_right_is_told_before_any_stream(
    client: httpx.AsyncClient, worker: str, stream: bool, change: dict[str, Any], status: int, field: str
) -> None:
    answer = await steer(client, **change, stream=stream)
    assert assert_problem(answer, status)["field"] == field


@pytest.mark.parametrize("stream", [False, True])
async def test_without_a_worker_there_is_a_time_to_come_back(
    client: httpx.AsyncClient, no_worker: None, stream: bool
) -> None:
    answer = await steer(client, stream=stream)
    assert assert_problem(answer, 503)["error"] == "unavailable"
    assert int(answer.headers["retry-after"]) >= 1


async def first_text(answer: httpx.Response) -> AsyncIterator[str]:
    """Lines of a stream from the first that holds generated text on."""
    seen = False
    async for line in answer.aiter_lines():
        seen = seen or (line.startswith("data: ") and json.loads(line[6:])["STEERED"] != "")
        if seen:
            yield line


async def test_a_worker_that_goes_away_ends_the_stream_with_an_error(
    served_worker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ExitStack() as stack, serving.served(api) as site:
        app = create_app(serving.settings(), lambda _: serving.engine())
        address = stack.enter_context(serving.served(app))
        assert await asyncio.to_thread(app.state.worker.loaded.wait, LOADING)
        async with (
            using(address, monkeypatch),
            httpx.AsyncClient(timeout=60) as client,
            client.stream("POST", f"{site}/steer", json=LONG) as answer,
        ):
            lines = first_text(answer)
            await anext(lines)
            await asyncio.to_thread(stack.close)
            rest = [line async for line in lines if line]
    assert rest[-2] == "event: error"
    assert json.loads(rest[-1].removeprefix("data: "))["error"] == "unavailable"


async def test_a_client_that_leaves_stops_the_run(worker_app: FastAPI, worker: str) -> None:
    scheduler = worker_app.state.worker.scheduler
    with serving.served(api) as site:
        async with httpx.AsyncClient(timeout=60) as client:
            async with client.stream("POST", f"{site}/steer", json=LONG) as answer:
                await anext(first_text(answer))
                assert scheduler.running == 1
            await asyncio.to_thread(serving.until, lambda: scheduler.running == 0)
