"""Answers in snake_case for clients that ask for it: one translation at the edge, of whole answers and of streams."""

from __future__ import annotations

import re
from typing import Any

import orjson
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from inference_worker.refusals import refused
from inference_worker.wire.base import CASING_HEADER

ALSO_CAMEL = {"hookName", "activeFeatures"}
"""Names that the published snake_case specification writes in camelCase: answers have them in both spellings."""

_UPPER = re.compile("(?<=[a-z0-9])(?=[A-Z])")
_NESTED = (dict, list)
_LINES = ("text/event-stream", "application/x-ndjson")


class Casing:
    """ASGI middleware that renames the fields of answers as `CASING_HEADER` asks: `camel` (default) or `snake`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        wanted = Headers(scope=scope).get(CASING_HEADER, "camel") if scope["type"] == "http" else "camel"
        if wanted not in ("camel", "snake"):
            message = f"{CASING_HEADER} is camel or snake."
            await refused(400, "bad_input", message, field=CASING_HEADER)(scope, receive, send)
        elif wanted == "snake" and scope["path"] != "/openapi.json":
            await self._app(scope, receive, _Snaking(send))
        else:
            await self._app(scope, receive, send)


class _Snaking:
    """`send` that renames the fields of JSON: of a whole body once it is there, of a stream line by line."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._kind = ""
        self._start: Message = {}
        self._rest = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self._begin(message)
        elif message["type"] != "http.response.body" or not self._kind:
            await self._send(message)
        elif self._kind in _LINES:
            await self._lines(message)
        else:
            await self._whole(message)

    async def _begin(self, message: Message) -> None:
        kind = Headers(raw=message["headers"]).get("content-type", "").partition(";")[0]
        self._kind = kind if kind == "application/json" or kind in _LINES else ""
        self._start = message
        if self._kind != "application/json":
            await self._send(message)

    async def _whole(self, message: Message) -> None:
        self._rest += message.get("body", b"")
        if message.get("more_body", False):
            return
        body = _snake_json(self._rest)
        MutableHeaders(raw=self._start["headers"])["content-length"] = str(len(body))
        await self._send(self._start)
        await self._send({**message, "body": body})

    async def _lines(self, message: Message) -> None:
        *lines, self._rest = (self._rest + message.get("body", b"")).split(b"\n")
        if not message.get("more_body", False):
            lines, self._rest = [*lines, self._rest], b""
        else:
            lines = [*lines, b""]
        await self._send({**message, "body": b"\n".join(_snake_line(line) for line in lines)})


def _snake_line(line: bytes) -> bytes:
    head = b"data: " if line.startswith(b"data: ") else b""
    data = line.removeprefix(head)
    return head + _snake_json(data) if data.startswith((b"{", b"[")) else line


def _snake_json(body: bytes) -> bytes:
    return orjson.dumps(snake(orjson.loads(body))) if body else body


def snake(value: Any) -> Any:
    """`value` with all keys of its objects in snake_case."""
    if isinstance(value, list):
        return [snake(one) if isinstance(one, _NESTED) else one for one in value]
    if isinstance(value, dict):
        renamed = {snake_name(name): snake(one) for name, one in value.items()}
        return renamed | {name: renamed[snake_name(name)] for name in ALSO_CAMEL & value.keys()}
    return value


def snake_name(name: str) -> str:
    """`max_value` of `maxValue`; names without small letters before capitals stay."""
    return _UPPER.sub("_", name).lower() if _UPPER.search(name) else name
