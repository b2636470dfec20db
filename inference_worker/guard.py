"""What a request has to show before a route sees it: the secret, and a body of JSON and bounded size."""

from __future__ import annotations

import hmac
from collections import deque

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from inference_worker.refusals import refused
from inference_worker.routes import docs
from inference_worker.wire.base import SECRET_HEADER

OPEN_PATHS = frozenset({"/health", "/openapi.json"}) | docs.PATHS
MAX_BODY = 1 << 20


class Guard:
    """ASGI middleware that refuses requests without the secret (401), too large (413) or not of JSON (415).

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
            await refused(401, "unauthorized", f"Missing or wrong {SECRET_HEADER} header.")(scope, receive, send)
            return
        announced = headers.get("content-length", "")
        if announced.isdigit() and int(announced) > MAX_BODY:
            await refused(413, "too_large", _TOO_LARGE)(scope, receive, send)
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
                await refused(413, "too_large", _TOO_LARGE)(scope, receive, send)
                return
            more = message.get("more_body", False)
        if seen and (why := _unreadable(Headers(scope=scope))):
            await refused(415, "unsupported_media_type", why)(scope, receive, send)
            return

        async def replayed() -> Message:
            return messages.popleft() if messages else await receive()

        await self._app(scope, replayed, send)


def _unreadable(headers: Headers) -> str | None:
    """Why a body that these headers announce cannot be read; None: it is JSON."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        return f"The body must be JSON, sent with Content-Type: application/json, not {kind or 'without one'}."
    encoding = headers.get("content-encoding", "identity").strip().lower()
    return None if encoding == "identity" else f"The body must be sent as it is, not as {encoding}."


_TOO_LARGE = f"The request is larger than {MAX_BODY:,} bytes."
