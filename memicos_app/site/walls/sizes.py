"""Requests that are too large to be from people: long queries, many headers, bodies where none is read."""

from __future__ import annotations

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LONGEST_QUERY = 16 * 1024
LONGEST_PATH = 4 * 1024
MOST_HEADERS = 100
LARGEST_HEADERS = 32 * 1024
LARGEST_BODY = 2 * 1024 * 1024
"""Of what does not go to the API, whose routes have limits of their own."""


class Sizes:
    """Refuses them before anything is read."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        if (status := too_large(scope)) and scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        elif status:
            message = "The request is larger than the server takes."
            await JSONResponse({"error": "too_large", "message": message}, status)(scope, receive, send)
        elif scope["type"] == "http" and not scope["path"].startswith("/api/"):
            await self.app(scope, counted(receive), send)
        else:
            await self.app(scope, receive, send)


def too_large(scope: Scope) -> int:
    """The status that says what is too large; 0: nothing is."""
    if len(scope.get("query_string", b"")) > LONGEST_QUERY or len(scope["path"]) > LONGEST_PATH:
        return 414
    headers = scope["headers"]
    if len(headers) > MOST_HEADERS or sum(len(name) + len(value) for name, value in headers) > LARGEST_HEADERS:
        return 431
    return 0


def counted(receive: Receive) -> Receive:
    """`receive` that lets the connection end once more came than pages ever send."""
    total = 0

    async def receive_counted() -> Message:
        nonlocal total
        message = await receive()
        total += len(message.get("body", b""))
        return message if total <= LARGEST_BODY else {"type": "http.disconnect"}

    return receive_counted
