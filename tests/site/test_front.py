"""What passes the front of the site: the API by itself, and sockets of the site's own pages only."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from memicos_app.site.front import Front, is_api, page_data


@pytest.mark.parametrize(
    ("path", "expected"), [("/api", True), ("/api/", True), ("/api/steer", True), ("/apis", False), ("/", False)]
)
def test_what_belongs_to_the_api(path: str, expected: bool) -> None:
    assert is_api(path) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/gpt2-small/6-res-jb/7.json", "/api/feature/gpt2-small/6-res-jb/7"),
        ("/gpt2-small/6-res-jb.json", "/api/source/gpt2-small/6-res-jb"),
        ("/list/abc.json", "/api/list/abc"),
        ("/gpt2-small/6-res-jb/7", ""),
        ("/assets/6-chunk.json", ""),
        ("/assets/a/7.json", ""),
        ("/manifest.json", ""),
    ],
)
def test_a_pages_address_with_json_is_its_data(path: str, expected: str) -> None:
    assert page_data(path) == expected


def part(name: str, seen: list[str]) -> Any:
    async def app(_scope: Scope, _receive: Receive, _send: Send) -> None:
        seen.append(name)

    return app


async def reached(kind: str, path: str = "/", public_url: str = "", **headers: str) -> list[Any]:
    """Who answered, and what was sent."""
    seen: list[Any] = []

    async def send(message: Any) -> None:
        seen.append(message)

    async def receive() -> Any:
        return {}

    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    front = Front(part("site", seen), part("backend", seen), public_url)
    await front({"type": kind, "path": path, "headers": raw}, receive, send)
    return seen


async def test_requests_and_the_life_of_the_app() -> None:
    assert await reached("http", "/api/health") == ["backend"]
    assert await reached("http", "/model/source") == ["site"]
    assert await reached("http", "/model/6-set/7.json") == ["backend"]
    assert await reached("lifespan") == ["site"]


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "localhost:3000"},
        {"host": "localhost:3000", "origin": "http://localhost:3000"},
        {"host": "127.0.0.1:3000", "origin": "https://public.example"},
    ],
)
async def test_sockets_of_own_pages(headers: dict[str, str]) -> None:
    assert await reached("websocket", public_url="https://public.example/", **headers) == ["site"]


@pytest.mark.parametrize("origin", ["https://evil.example", "http://localhost:3001", "null", ""])
async def test_sockets_of_other_sites(origin: str) -> None:
    assert await reached("websocket", host="localhost:3000", origin=origin) == [
        {"type": "websocket.close", "code": 1008}
    ]


async def test_a_host_that_a_stranger_names_is_not_ours() -> None:
    """What a proxy says of the host is put in the place of `Host` before, where that proxy is trusted."""
    told = {"host": "127.0.0.1:3000", "origin": "https://me.example", "x_forwarded_host": "me.example"}
    assert await reached("websocket", **told) == [{"type": "websocket.close", "code": 1008}]


async def test_events_over_requests_in_place_of_a_socket() -> None:
    """No cookie is needed where the site is for one; a page of another site could begin to speak so."""
    foreign = await reached("http", "/_rx/_event/", host="localhost:3000", origin="https://evil.example")
    assert foreign[0]["status"] == 403
    own = {"host": "localhost:3000", "origin": "http://localhost:3000"}
    assert await reached("http", "/_rx/_event/", **own) == ["site"]
