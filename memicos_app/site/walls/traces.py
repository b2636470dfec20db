"""A name for each request, in its answer as `X-Request-Id`, and one line of log for each that is answered."""

from __future__ import annotations

import logging
from time import perf_counter

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from memicos_app.library import tracing
from memicos_app.site.walls import figures

logger = logging.getLogger("memicos_app.requests")


class Traces:
    """Names what comes in; the log tells route and status, neither who asked nor what for."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        trace, began = tracing.begin(), perf_counter()

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update({**trace.headers, "X-Request-Id": trace.id})
                seconds, route = perf_counter() - began, trace.route or area(scope["path"])
                figures.answered(scope["method"], route, message["status"], seconds)
                told = {"status": message["status"], "route": route, "ms": round(seconds * 1000)}
                logger.info("%s %s %d", scope["method"], route, message["status"], extra=told)
            await send(message)

        await self.app(scope, receive, send_named)


def area(path: str) -> str:
    """The kind of an address: it may itself hold what people wrote."""
    kinds = ("/assets/", "/_rx/", "/api/")
    return next((kind for kind in kinds if path.startswith(kind)), "page")
