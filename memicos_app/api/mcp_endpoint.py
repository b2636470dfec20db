"""The address that assistants speak the Model Context Protocol at: `/mcp`, where MCP lets it be there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from mcp.server.transport_security import TransportSecuritySettings
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from memicos_app.api.answers import Json
from memicos_app.api.mcp_tools import server
from memicos_app.library.accounts import rights
from memicos_app.settings import get_settings

PATH = "/mcp"
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


class Endpoint:
    """Answers at `PATH` while `running`; where the setting says no, as if there were nothing."""

    def __init__(self) -> None:
        self._served: ASGIApp | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Serve for as long as the block lasts."""
        if not is_on():
            yield
            return
        app = server.streamable_http_app(
            streamable_http_path=PATH, stateless_http=True, json_response=True, transport_security=own_hosts()
        )
        async with server.session_manager.run():
            self._served = app
            try:
                yield
            finally:
                self._served = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._served is None:
            await _absent(scope)(scope, receive, send)
        else:
            await self._served(scope, receive, send)


endpoint = Endpoint()


def is_on() -> bool:
    """Whether assistants are answered: as MCP says; `auto`: in a site for one."""
    wish = get_settings().mcp
    return rights.mode() == "single" if wish == "auto" else wish == "on"


def own_hosts() -> TransportSecuritySettings:
    """Only requests to this site's own names: a page whose own name was made to mean this machine sends another."""
    names = [f"{host}:*" for host in LOOPBACK]
    origins = [f"http://{name}" for name in names]
    if public := get_settings().public_url.rstrip("/"):
        names.append(urlsplit(public).netloc)
        origins.append(public)
    return TransportSecuritySettings(allowed_hosts=[*names, *LOOPBACK], allowed_origins=origins)


def _absent(scope: Scope) -> Json:
    path = Request(scope).url.path
    return Json({"error": "not_found", "message": f"There is nothing at {path} here."}, status_code=404)
