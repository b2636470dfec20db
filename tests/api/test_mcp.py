"""The endpoint for assistants, asked by the protocol's own client over HTTP."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2 as httpx
import pytest
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client

from memicos_app.api.mcp_endpoint import Endpoint, is_on
from memicos_app.library.accounts import keys, sessions, users
from memicos_app.library.embedders import soon
from memicos_app.settings import get_settings
from tests.api.dataset import MODEL, SOURCE
from tests.chat.server import ChatServer
from tests.hours import clear_of_the_hour

pytestmark = pytest.mark.usefixtures("imported")
URL = "http://localhost/mcp"
AT = {"model_id": MODEL, "source_id": SOURCE, "index": 10}


@pytest.fixture(autouse=True)
def switched_on(worker: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The endpoint is wished for, the worker behind it."""
    monkeypatch.setenv("MCP", "on")
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


@asynccontextmanager
async def serving() -> AsyncIterator[Endpoint]:
    """The endpoint in this process; it begins and ends in one task, as it has to."""
    endpoint = Endpoint()
    async with endpoint.running():
        yield endpoint


def http(endpoint: Endpoint, host: str = "localhost", **headers: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(endpoint), base_url=f"http://{host}", headers=headers)


async def ask(endpoint: Endpoint, name: str, arguments: dict[str, Any], **headers: str) -> Any:
    """What a tool answers, or the words of its failure."""
    async with http(endpoint, **headers) as sender:
        transport = streamable_http_client(URL, http_client=sender)
        async with Client(transport) as client:
            answer = await client.call_tool(name, arguments)
    return answer.content[0].text if answer.is_error else answer.structured_content


async def test_every_tool_answers() -> None:
    async with serving() as served:
        async with (
            http(served) as sender,
            Client(streamable_http_client(URL, http_client=sender)) as one,
        ):
            names = {tool.name for tool in (await one.list_tools()).tools}
        assert names == {"search", "feature", "activation", "steer", "explain"}
        found = await ask(served, "search", {"query": "feature 10", "model_id": MODEL})
        assert (found["features"][0]["source_id"], found["features"][0]["index"]) == (SOURCE, 10)
        read = await ask(served, "feature", AT)
        assert read["explanations"] == ["<b>feature 10</b>"]
        assert read["examples"][0]["value"] == 3.0
        tested = await ask(served, "activation", {**AT, "text": "The cat sat."})
        assert len(tested["values"]) == len(tested["tokens"]) > 3
        strong = [{"source_id": SOURCE, "index": 10, "strength": 40}]
        written = await ask(
            served, "steer", {"model_id": MODEL, "prompt": "Today", "features": strong, "n_tokens": 3}
        )
        assert written["default"]
        assert written["default"] != written["steered"]


async def test_failures_say_why() -> None:
    async with serving() as served:
        assert "Nearest are" in await ask(served, "feature", {**AT, "index": 1})
        assert "not-known" in await ask(
            served, "explain", {**AT, "explainer": "not-known", "language_model": "gpt-4o"}
        )


async def test_each_asks_with_their_own_rights(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving() as served:
        _, key = await keys.make((await users.add("ann")).id, "assistant")
        monkeypatch.setenv("ACCESS", "closed")
        get_settings.cache_clear()
        sessions.forget_known()
        assert "Sign in to do this." in await ask(served, "feature", AT)
        assert "explanations" in await ask(served, "feature", AT, **{"x-api-key": key})
        assert "explanations" in await ask(served, "feature", AT, authorization=f"Bearer {key}")
        wish = {**AT, "explainer": "np_max-act", "language_model": "gpt-4o"}
        assert "Only an administrator" in await ask(served, "explain", wish, **{"x-api-key": key})


async def test_explaining_asks_a_language_model(chat_server: ChatServer) -> None:
    """What it says is kept, read back by another tool, and not asked for twice; what is none is not kept."""
    wish = {**AT, "explainer": "np_max-act", "language_model": f"local:{chat_server.model}"}
    async with serving() as served:
        chat_server.told(always={"say": ""})
        assert isinstance(await ask(served, "explain", wish), str)
        chat_server.told(always={"say": "Explanation: cats"})
        said = await ask(served, "explain", wish)
        assert (said["description"], said["typeName"]) == ("cats", "np_max-act")
        assert said["explanationModelName"] == chat_server.model
        assert len(chat_server.asked()) == 1
        assert "cats" in (await ask(served, "feature", AT))["explanations"]
        assert "already" in await ask(served, "explain", wish)
    await soon.settled()


async def test_limits_are_told_with_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are a person's, whichever way the person asks."""
    clear_of_the_hour()
    async with serving() as served:
        _, key = await keys.make((await users.add("carl")).id, "assistant")
        monkeypatch.setenv("ACCESS", "open")
        monkeypatch.setenv("RATE_LIMITS", "explanation-search=1")
        get_settings.cache_clear()
        sessions.forget_known()
        mine = {"x-api-key": key}
        assert "features" in await ask(served, "search", {"query": "feature"}, **mine)
        refused = await ask(served, "search", {"query": "feature"}, **mine)
        assert "Only 1 of these" in refused
        seconds = re.search(r"\[too_many, retry after (\d+) s\]", refused)
        assert seconds
        assert 0 < int(seconds[1]) <= 7200
        assert "explanations" in await ask(served, "feature", AT, **mine), "reading is another kind"


async def test_other_names_of_this_machine_are_refused() -> None:
    async with serving() as served:
        async with http(served, "attacker.example") as sender:
            answer = await sender.post("/mcp", json={}, headers={"accept": "application/json, text/event-stream"})
        assert answer.status_code == 421


async def test_off_there_is_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for access, wish, on in (("single", "auto", True), ("open", "auto", False), ("open", "on", True)):
        monkeypatch.setenv("ACCESS", access)
        monkeypatch.setenv("MCP", wish)
        get_settings.cache_clear()
        assert is_on() is on
    async with Endpoint().running():
        pass
    async with http(Endpoint()) as sender:
        assert (await sender.post("/mcp", json={})).status_code == 404
    get_settings.cache_clear()
