"""How page addresses reach files of the built frontend, as a layer of ASGI over Reflex.

Static pages answer without a redirect, hashed assets may be kept for ever, and a missing asset is a 404
rather than the page `/[model]/[source]` with status 200.
"""

from __future__ import annotations

from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FOREVER = "public, max-age=31536000, immutable"
NOT_PAGES = {"index", "404", "__spa-fallback"}


class PageAddresses:
    """Serves the files of `static_dir` under the addresses that people use."""

    def __init__(self, app: ASGIApp, static_dir: Path) -> None:
        self.app = app
        self.static_dir = static_dir
        self.pages = prerendered(static_dir)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path = scope["path"]
        if path.strip("/") in self.pages:
            scope = moved(scope, f"/{path.strip('/')}.html")
        elif path.startswith("/assets/"):
            if not self.has_file(path):
                await PlainTextResponse("Not found", 404)(scope, receive, send)
                return
            send = kept(send)
        await self.app(scope, receive, send)

    def has_file(self, path: str) -> bool:
        file = (self.static_dir / path.lstrip("/")).resolve()
        return file.is_relative_to(self.static_dir) and file.is_file()


def prerendered(static_dir: Path) -> frozenset[str]:
    """Addresses without slashes of the pages that the build rendered to files."""
    names = (file.relative_to(static_dir).with_suffix("").as_posix() for file in static_dir.rglob("*.html"))
    return frozenset(name for name in names if name not in NOT_PAGES and not name.endswith("/index"))


def moved(scope: Scope, path: str) -> Scope:
    return {**scope, "path": path, "raw_path": path.encode()}


def kept(send: Send) -> Send:
    """`send` that lets browsers keep a good answer for ever: the file's name holds its hash."""

    async def send_kept(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 200:
            MutableHeaders(scope=message)["Cache-Control"] = FOREVER
        await send(message)

    return send_kept
