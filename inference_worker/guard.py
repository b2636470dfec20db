"""What a request has to show before a route sees it: the secret, and a body of bounded size."""

from __future__ import annotations

import hmac
from collections import deque

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from inference_worker.wire.base import SECRET_HEADER, Problem

OPEN_PATHS = frozenset({"/health", "/openapi.json"})
MAX_BODY = 1 << 20


class Guard:
    """ASGI middleware that refuses requests without the secret (401) or with too large a body (413).

    Args:
        secret: what the secret header must hold; empty: the worker is open.
    """

    def __init__(self, app: ASGIApp, secret: str) -> None:
        self._app = app
        self._secret = secret.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if scope["path"] not in OPEN_PATHS and not self._knows(headers.get(SECRET_HEADER, "")):
            await _refuse(401, "unauthorized", f"Missing or wrong {SECRET_HEADER} header.")(scope, receive, send)
            return
        if int(headers.get("content-length") or 0) > MAX_BODY:
            await _too_large()(scope, receive, send)
            return
        await self._bounded(scope, receive, send)

    def _knows(self, given: str) -> bool:
        return not self._secret or hmac.compare_digest(given.encode("utf-8", "replace"), self._secret)

    async def _bounded(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body first, so that it is refused before a route begins with it."""
        messages: deque[Message] = deque()
        seen, more = 0, True
        while more:
            message = await receive()
            messages.append(message)
            seen += len(message.get("body", b""))
            if seen > MAX_BODY:
                await _too_large()(scope, receive, send)
                return
            more = message.get("more_body", False)

        async def replayed() -> Message:
            return messages.popleft() if messages else await receive()

        await self._app(scope, replayed, send)


def _too_large() -> JSONResponse:
    return _refuse(413, "too_large", f"The request is larger than {MAX_BODY} bytes.")


def _refuse(status: int, code: str, message: str) -> JSONResponse:
    return JSONResponse(Problem(error=code, message=message).model_dump(exclude_none=True), status)
