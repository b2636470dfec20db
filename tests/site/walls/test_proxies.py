"""What proxies say counts only where they are trusted, and nobody can say it in their place."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from memicos_app.site.walls.proxies import TrustedProxies


async def seen(peer: str, trusted: list[str], kind: str = "http", **headers: str) -> Scope:
    """The request as the site behind sees it."""
    got: list[Scope] = []

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        got.append(scope)

    async def nothing(*_: Any) -> Any:
        return {}

    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": kind, "client": (peer, 5), "scheme": "http", "path": "/", "headers": raw}
    await TrustedProxies(app, trusted)(scope, nothing, nothing)
    return got[0]


CHAIN = {
    "x_forwarded_for": "198.51.100.7, 203.0.113.9",
    "x_forwarded_proto": "https",
    "x_forwarded_host": "lab.example",
}


async def test_strangers_are_not_believed() -> None:
    scope = await seen(
        "203.0.113.9", ["10.0.0.0/8"], host="here", x_real_ip="1.1.1.1", forwarded="for=1.1.1.1", **CHAIN
    )
    assert scope["client"][0] == "203.0.113.9"
    assert scope["scheme"] == "http"
    assert dict(Headers(scope=scope)) == {"host": "here"}


async def test_a_trusted_proxy_says_who_asks() -> None:
    scope = await seen("10.0.0.1", ["10.0.0.0/8"], host="10.0.0.5:3000", **CHAIN)
    assert scope["client"][0] == "203.0.113.9", "what the visitor wrote before it stands further left"
    assert (scope["scheme"], Headers(scope=scope)["host"]) == ("https", "lab.example")
    assert (await seen("10.0.0.1", ["10.0.0.0/8"], kind="websocket", **CHAIN))["scheme"] == "wss"


@pytest.mark.parametrize(
    ("hops", "expected"),
    [
        ("", "10.0.0.1"),
        ("198.51.100.7", "198.51.100.7"),
        ("6.6.6.6, 198.51.100.7, 10.0.0.2", "198.51.100.7"),
        ("10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("nonsense, 10.0.0.2", "10.0.0.2"),
        ("<script>", "10.0.0.1"),
        ("198.51.100.7:443", "198.51.100.7"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
    ],
)
async def test_the_right_most_stranger_is_the_visitor(hops: str, expected: str) -> None:
    assert (await seen("10.0.0.1", ["10.0.0.0/8"], x_forwarded_for=hops))["client"][0] == expected


@pytest.mark.parametrize("host", ["evil.example/path", "a b", "<script>", "user@evil.example", ""])
async def test_a_host_that_is_none_is_left_out(host: str) -> None:
    scope = await seen("10.0.0.1", ["10.0.0.1"], host="own", x_forwarded_host=host)
    assert Headers(scope=scope)["host"] == "own"
