"""Several people at once over real HTTP: the same texts as alone, places told, and nobody's slot held by who left."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import threading
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

import httpx
import pytest

from inference_worker.scheduler import thread
from inference_worker.server import create_app
from inference_worker.wire.base import SECRET_HEADER
from inference_worker.wire.turns import CLIENT_HEADER, PRIORITY_HEADER, TIMEOUT_HEADER
from tests.inference_worker import serving
from tests.inference_worker.serving import MODEL, SECRET, SOURCE

FEATURE = {"model": MODEL, "source": SOURCE, "index": 100, "strength": 80}
STEER = {
    "model": MODEL,
    "prompt": "Once upon a time",
    "features": [FEATURE],
    "nCompletionTokens": 8,
    "temperature": 0,
}
LONG = {**STEER, "nCompletionTokens": 256, "sweep": [1, 2, 3]}
TEST = {"model": MODEL, "source": SOURCE, "index": 5, "prompt": "According to the treaty of 1648"}


@pytest.fixture
async def http(worker_url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        base_url=worker_url, headers={SECRET_HEADER: SECRET}, timeout=120, trust_env=False
    ) as made:
        yield made


async def post(http: httpx.AsyncClient, path: str, body: dict[str, Any], **headers: str) -> httpx.Response:
    return await http.post(path, json=body, headers=headers)


async def test_texts_of_several_people_are_those_that_each_gets_alone(http: httpx.AsyncClient) -> None:
    prompts = ["Once upon a time", "The capital of France is", "def fibonacci(n):", "My favourite recipe needs"]
    bodies = [{**STEER, "prompt": prompt, "temperature": 0.7 * (place % 2)} for place, prompt in enumerate(prompts)]
    alone = [(await post(http, "/v1/steer/completion", body)).json()["outputs"] for body in bodies]
    asked = (post(http, "/v1/steer/completion", body, **{CLIENT_HEADER: body["prompt"][:2]}) for body in bodies)
    together = [answer.json()["outputs"] for answer in await asyncio.gather(*asked)]
    assert together == alone


async def test_tests_of_several_people_are_those_that_each_gets_alone(http: httpx.AsyncClient) -> None:
    bodies = [{**TEST, "prompt": TEST["prompt"][: 8 + 4 * place], "index": place} for place in range(5)]
    bodies += [{**TEST, "index": 99_999}, {**TEST, "prompt": ""}]
    alone = [(await post(http, "/v1/activation/single", body)).json() for body in bodies]
    found = await asyncio.gather(*(post(http, "/v1/activation/single", body) for body in bodies))
    assert [answer.status_code for answer in found] == [200] * 5 + [404, 400]
    for answer, expected in zip(found[:5], alone[:5], strict=True):
        got = answer.json()
        assert got["activation"]["values"] == pytest.approx(expected["activation"]["values"], abs=1e-4)
        assert got["tokenIds"] == expected["tokenIds"]
    assert [answer.json() for answer in found[5:]] == alone[5:]


SEARCH = {"model": MODEL, "sourceSet": "res-4k", "numResults": 6}
BY_TOKEN = {"model": MODEL, "source": SOURCE, "topK": 3}
PROMPTS = ["According to the treaty of 1648", "def fibonacci(n):", "My favourite recipe needs flour", "Once upon"]
READERS: list[tuple[str, dict[str, Any]]] = [
    *(("all", {**SEARCH, "prompt": prompt}) for prompt in PROMPTS),
    ("all-batch", {**SEARCH, "prompts": PROMPTS[:2]}),
    ("contrast", {**SEARCH, "first": PROMPTS[:2], "second": PROMPTS[2:]}),
    *(("topk-by-token", {**BY_TOKEN, "prompt": prompt}) for prompt in PROMPTS[:2]),
    ("topk-by-token-batch", {**BY_TOKEN, "prompts": PROMPTS[2:]}),
    ("source", {"model": MODEL, "source": SOURCE, "prompts": PROMPTS[1:3]}),
    ("raw", {"model": MODEL, "prompts": PROMPTS[:2], "layers": [22]}),
    ("single", TEST),
]


async def test_searches_of_several_people_share_passes_and_are_those_that_each_gets_alone() -> None:
    app = create_app(serving.settings(), lambda _: serving.engine())
    free, busy = threading.Event(), threading.Event()

    def hold() -> None:
        busy.set()
        assert free.wait(30)

    with serving.served(app) as url:
        assert await asyncio.to_thread(app.state.worker.loaded.wait, 300)
        async with httpx.AsyncClient(base_url=url, headers={SECRET_HEADER: SECRET}, timeout=120) as http:
            with serving.passes() as each:
                alone = [(await post(http, f"/v1/activation/{path}", body)).json() for path, body in READERS]
            holding = asyncio.ensure_future(app.state.worker.scheduler.run(hold))
            await asyncio.to_thread(busy.wait)
            with serving.passes() as shared:
                asked = [
                    asyncio.ensure_future(post(http, f"/v1/activation/{path}", body, **{CLIENT_HEADER: str(number)}))
                    for number, (path, body) in enumerate(READERS)
                ]
                await asyncio.to_thread(serving.until, lambda: app.state.worker.scheduler.waiting == len(READERS))
                free.set()
                together = [answer.json() for answer in await asyncio.gather(*asked)]
            await holding
    assert len(each) == len(READERS)
    assert len(shared) <= 4, "one for each depth: layers 7, 15, 22 and 23"
    for one, other in zip(together, alone, strict=True):
        assert_alike(one, other)


def assert_alike(one: Any, other: Any) -> None:
    """The same answers, numbers within 1e-4."""
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for key, part in one.items():
            assert_alike(part, other[key])
    elif isinstance(one, list):
        assert len(one) == len(other)
        for part, expected in zip(one, other, strict=True):
            assert_alike(part, expected)
    elif isinstance(one, float):
        assert one == pytest.approx(other, rel=1e-4, abs=1e-4)
    else:
        assert one == other


async def test_a_long_test_holds_up_nobodys_text(http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a long text 64 tokens are read at a time, with a token of the text that is being written between them."""
    monkeypatch.setattr(thread, "SLICE", 0.0)  # one part a turn, also where a machine reads several in a slice
    long = {**TEST, "source": "7-res-4k", "prompt": "word " * 400}
    body = {**STEER, "nCompletionTokens": 200, "types": ["STEERED"], "stream": True}
    with serving.passes() as seen:
        async with http.stream("POST", "/v1/steer/completion", json=body) as stream:
            lines = stream.aiter_lines()
            while not (await anext(lines)).startswith("data:"):
                pass
            answer = await post(http, "/v1/activation/single", long)
    assert len(answer.json()["tokens"]) > 390
    parts = [number for number, (_, positions) in enumerate(seen) if positions > 10]
    assert len(parts) >= 7
    assert max(positions for _, positions in seen) == 64
    assert all(later - earlier > 1 for earlier, later in pairwise(parts)), "a token is written between two parts"


@pytest.mark.parametrize("seconds", ["0.02", "0.3"])
async def test_what_is_not_finished_in_time_is_refused(http: httpx.AsyncClient, seconds: str) -> None:
    answer = await post(http, "/v1/steer/completion", LONG, **{TIMEOUT_HEADER: seconds})
    assert (answer.status_code, answer.json()["error"]) == (504, "expired")


async def test_a_stream_that_is_not_finished_in_time_ends_with_an_error(http: httpx.AsyncClient) -> None:
    streamed = await post(http, "/v1/steer/completion", {**LONG, "stream": True}, **{TIMEOUT_HEADER: "1.5"})
    assert streamed.text.rstrip().split("\n\n")[-1].startswith('event: error\ndata: {"error":"expired"')


@pytest.mark.parametrize(
    ("header", "value"),
    [(TIMEOUT_HEADER, "soon"), (TIMEOUT_HEADER, "-1"), (TIMEOUT_HEADER, "nan"), (PRIORITY_HEADER, "urgent")],
)
async def test_headers_that_say_nothing_are_refused_by_name(http: httpx.AsyncClient, header: str, value: str) -> None:
    answer = await post(http, "/v1/steer/completion", STEER, **{header: value})
    assert (answer.status_code, answer.json()["field"]) == (400, header)


async def test_a_stream_tells_its_place_while_it_waits() -> None:
    app = create_app(serving.settings(), lambda _: serving.engine())
    with serving.served(app) as url:
        assert await asyncio.to_thread(app.state.worker.loaded.wait, 300)
        async with httpx.AsyncClient(base_url=url, headers={SECRET_HEADER: SECRET}, timeout=120) as http:
            wide = {**STEER, "sweep": [1] * 15, "nCompletionTokens": 24}
            first = asyncio.ensure_future(post(http, "/v1/steer/completion", wide))
            await asyncio.to_thread(serving.until, lambda: app.state.worker.scheduler.running)
            asked = {**STEER, "stream": True}
            async with http.stream("POST", "/v1/steer/completion", json=asked) as response:
                lines = [line async for line in response.aiter_lines()]
            assert (await first).status_code == 200
    assert lines[0] == ": waiting 1"
    assert lines.index("event: done") > 2


async def test_five_hundred_who_connect_and_reset_hold_nothing() -> None:
    app = create_app(serving.settings(), lambda _: serving.engine())
    scheduler = app.state.worker.scheduler
    body = json.dumps({**STEER, "nCompletionTokens": 256, "stream": True}).encode()
    with serving.served(app) as url:
        assert await asyncio.to_thread(app.state.worker.loaded.wait, 300)
        port = int(url.rpartition(":")[2])
        for number in range(500):
            await asyncio.to_thread(_connect_and_reset, port, body, number)
        with serving.passes() as seen:
            await asyncio.to_thread(serving.until, lambda: not (scheduler.running or scheduler.waiting), 60)
        assert len(seen) < 200, "not those that 256 tokens take"
        async with httpx.AsyncClient(base_url=url, headers={SECRET_HEADER: SECRET}, timeout=120) as http:
            answer = await post(http, "/v1/steer/completion", STEER)
    assert answer.status_code == 200


def _connect_and_reset(port: int, body: bytes, number: int) -> None:
    """Some say nothing, some half of a request, some all of it, and some read a little of the answer."""
    head = f"POST /v1/steer/completion HTTP/1.1\r\nhost: x\r\n{SECRET_HEADER}: {SECRET}\r\n"
    head += f"{CLIENT_HEADER}: {number}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    request = head.encode() + body
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if number % 4:
            connection.sendall(request[: -len(body) // 2] if number % 4 == 1 else request)
        if number % 20 == 3:
            connection.settimeout(60)
            connection.recv(64)


async def test_a_reader_who_takes_nothing_holds_no_slot() -> None:
    app = create_app(serving.settings(), lambda _: serving.engine())
    scheduler = app.state.worker.scheduler
    body = {**STEER, "nCompletionTokens": 24, "stream": True, "nLogprobs": 10}
    with serving.served(app) as url:
        assert await asyncio.to_thread(app.state.worker.loaded.wait, 300)
        async with (
            httpx.AsyncClient(base_url=url, headers={SECRET_HEADER: SECRET}, timeout=120) as http,
            http.stream("POST", "/v1/steer/completion", json=body),
        ):
            await asyncio.to_thread(serving.until, lambda: scheduler.running)
            await asyncio.to_thread(serving.until, lambda: not scheduler.running, 60)
            assert (await post(http, "/v1/steer/completion", STEER)).status_code == 200
