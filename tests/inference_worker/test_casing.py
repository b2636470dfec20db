"""Answers in snake_case by header or by address: whole ones, streams and failures, and nothing but names changes."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.responses import JSONResponse, PlainTextResponse, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from inference_worker.addresses import SNAKE, Addresses
from inference_worker.casing import ALSO_CAMEL, Casing, snake, snake_name
from inference_worker.wire.base import CASING_HEADER, SECRET_HEADER
from tests.inference_worker.serving import MODEL, SECRET, SOURCE

TEST = {"model": MODEL, "source": SOURCE, "index": 5, "prompt": "According to the treaty of 1648"}
STEER = {
    "model": MODEL,
    "prompt": "Once upon a time",
    "features": [{"model": MODEL, "source": SOURCE, "index": 100, "strength": 80}],
    "nCompletionTokens": 3,
    "nLogprobs": 2,
    "temperature": 0,
}
HEADER = {CASING_HEADER: "snake"}
CAMEL = re.compile("[a-z][A-Z]")


@pytest.fixture
async def http(worker_url: str) -> AsyncIterator[httpx.AsyncClient]:
    headers = {SECRET_HEADER: SECRET}
    async with httpx.AsyncClient(base_url=worker_url, headers=headers, timeout=60, trust_env=False) as made:
        yield made


def keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from keys(one)


@pytest.mark.parametrize(("path", "body"), [("/v1/activation/single", TEST), ("/v1/steer/completion", STEER)])
async def test_header_and_address_give_the_same_answer_by_other_names(
    http: httpx.AsyncClient, path: str, body: dict[str, Any]
) -> None:
    camel = (await http.post(path, json=body)).json()
    by_header = (await http.post(path, json=body, headers=HEADER)).json()
    by_address = (await http.post(f"{SNAKE}{path}/", json={snake_name(name): v for name, v in body.items()})).json()
    for answer in (camel, by_header, by_address):
        answer.pop("tokensPerSecond", answer.pop("tokens_per_second", None))
    assert by_header == by_address == snake(camel)
    assert {name for name in keys(by_header) if CAMEL.search(name)} <= ALSO_CAMEL
    assert any(CAMEL.search(name) for name in keys(camel))


async def test_streams(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/steer/completion", json={**STEER, "stream": True}, headers=HEADER)
    assert answer.headers["content-type"].startswith("text/event-stream")
    frames = [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: ")]
    assert len(frames) > 2
    assert "event: done" in answer.text
    assert frames[-1]["outputs"][1]["strength_multiplier"] == 1
    assert not [name for frame in frames for name in keys(frame) if CAMEL.search(name)]


async def test_failures_and_state(http: httpx.AsyncClient) -> None:
    state = await http.get(f"{SNAKE}/ready")
    assert state.json()["queue_length"] == 0
    for refused in (
        await http.post(f"{SNAKE}/v1/tokenize", json={}),
        await http.post("/v1/tokenize", json={}, headers={**HEADER, SECRET_HEADER: "x"}),
        await http.get(f"{SNAKE}/v1/nothing"),
    ):
        assert refused.status_code in (400, 401, 404)
        assert {"error", "message"} <= set(refused.json()) <= {"error", "message", "field"}


async def test_a_casing_that_there_is_not(http: httpx.AsyncClient) -> None:
    answer = await http.get("/ready", headers={CASING_HEADER: "kebab"})
    assert (answer.status_code, answer.json()["field"]) == (400, CASING_HEADER)
    assert (await http.get("/ready", headers={CASING_HEADER: "camel"})).status_code == 200


async def test_the_description_of_the_api_stays_as_it_is(http: httpx.AsyncClient) -> None:
    plain = await http.get("/openapi.json")
    assert plain.json() == (await http.get("/openapi.json", headers=HEADER)).json()


@pytest.mark.parametrize(
    ("camel", "expected"),
    [("maxValueIndex", "max_value_index"), ("model", "model"), ("DEFAULT", "DEFAULT"), ("nLogprobs", "n_logprobs")],
)
def test_names(camel: str, expected: str) -> None:
    assert snake_name(camel) == expected


def test_two_names_are_answered_as_the_published_specification_spells_them() -> None:
    renamed = snake({"hookName": "a", "results": [{"activeFeatures": {"12": [[0, 1.5]]}}]})
    assert renamed["hook_name"] == renamed["hookName"] == "a"
    assert renamed["results"][0]["active_features"] == renamed["results"][0]["activeFeatures"] == {"12": [[0, 1.5]]}


def edge(app: ASGIApp) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(Addresses(Casing(app)))
    return httpx.AsyncClient(transport=transport, base_url="http://worker.example/snake")


async def test_frames_cut_anywhere() -> None:
    text = 'event: done\ndata: {"aB": "x\\ny é"}\n\n: waiting aB\n\ndata: {"cD": 1}\n\n'

    async def pieces() -> AsyncIterator[bytes]:
        for byte in text.encode():
            yield bytes([byte])

    answer = await edge(StreamingResponse(pieces(), media_type="text/event-stream")).get("/v1/x")
    assert answer.text == 'event: done\ndata: {"a_b":"x\\ny é"}\n\n: waiting aB\n\ndata: {"c_d":1}\n\n'


async def test_other_kinds_of_answers_pass_through() -> None:
    answer = await edge(PlainTextResponse('{"aB": 1}')).get("/v1/x")
    assert answer.text == '{"aB": 1}'
    lines = StreamingResponse(iter(['{"aB":1}\n{"cD":', "2}"]), media_type="application/x-ndjson")
    assert (await edge(lines).get("/v1/x")).text == '{"a_b":1}\n{"c_d":2}'


@settings(deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False)), st.text(st.characters(exclude_categories=["Cs"])))
async def test_values_come_through_unchanged(numbers: list[float], text: str) -> None:
    answer = await edge(JSONResponse({"aB": numbers, "cD": text})).get("/v1/x")
    assert answer.json() == {"a_b": numbers, "c_d": text}
    assert len(answer.content) == int(answer.headers["content-length"])


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("/a/", "/a"),
        ("/a//", "/a"),
        ("/", "/"),
        ("/snake/a/", "/a"),
        ("/snakes/a", "/snakes/a"),
        ("/snake", "/snake"),
    ],
)
async def test_addresses(asked: str, found: str) -> None:
    seen: list[str] = []

    async def app(scope: Scope, _: Receive, send: Send) -> None:
        seen.append(scope["path"])
        await PlainTextResponse("")(scope, _, send)

    transport = httpx.ASGITransport(Addresses(app))
    await httpx.AsyncClient(transport=transport, base_url="http://worker.example").get(asked)
    assert seen == [found]
