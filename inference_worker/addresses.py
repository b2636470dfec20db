"""Addresses as clients write them: with a slash at the end, or below `/snake` for answers in snake_case."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from inference_worker.wire.base import CASING_HEADER

SNAKE = "/snake"
"""Base path of the same routes whose answers are in snake_case; as good as the header."""


class Addresses:
    """ASGI middleware that maps every spelling of an address to the one that the routes know."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(_plain(scope) if scope["type"] == "http" else scope, receive, send)


def _plain(scope: Scope) -> Scope:
    path: str = scope["path"]
    if path.startswith(f"{SNAKE}/"):
        headers = [pair for pair in scope["headers"] if pair[0] != _HEADER]
        scope = {**scope, "headers": [*headers, (_HEADER, b"snake")]}
        path = path.removeprefix(SNAKE)
    return {**scope, "path": path.rstrip("/") or "/"}


_HEADER = CASING_HEADER.lower().encode()
