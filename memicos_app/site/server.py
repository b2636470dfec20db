"""The web server: one process that answers pages, events and the API on one port."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from types import FrameType

import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp

from memicos_app.library import garbage, logs, readiness
from memicos_app.settings import ROOT, Settings, get_settings
from memicos_app.site import handover, tabs
from memicos_app.site.addresses import PageAddresses
from memicos_app.site.checks import refused
from memicos_app.site.entrance import Entrance
from memicos_app.site.environment import serve_built
from memicos_app.site.errors import StartError
from memicos_app.site.front import Front
from memicos_app.site.frontend import static_dir, web_dir
from memicos_app.site.sockets import compress_quickly
from memicos_app.site.walls import walled

LARGEST_EVENT = 1_000_000
"""Bytes of a frame on a socket: as much as an event may be; whoever sends more is cut off."""
PATIENCE = 2
"""Seconds that open requests get to finish where somebody waits for the end at a terminal."""


class Server(uvicorn.Server):
    """Uvicorn that says when it listens, lets streams end, and also stops cleanly when its terminal closes."""

    def __init__(
        self, config: uvicorn.Config, ready: Callable[[], None], leaving: Callable[[], Awaitable[None]]
    ) -> None:
        super().__init__(config)
        self.ready = ready
        self.leaving = leaving

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        if hasattr(signal, "SIGHUP"):
            signal.signal(signal.SIGHUP, self.handle_exit)
        await super().startup(sockets)
        if self.started:
            garbage.settle()
            self.ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self.leaving()
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A host that says TERM waits for what is under way; a person at a terminal does not."""
        if sig != signal.SIGTERM:
            self.config.timeout_graceful_shutdown = min(PATIENCE, self.config.timeout_graceful_shutdown or 0)
        readiness.stop(self.config.timeout_graceful_shutdown or 0)
        super().handle_exit(sig, frame)


def load() -> ASGIApp:
    """The site, pages and all, to be served as it was built."""
    os.chdir(ROOT)
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    serve_built(web_dir())
    from memicos_app.memicos_app import API, app
    from memicos_app.site.sockets import guard

    settings = get_settings()
    site = Entrance(PageAddresses(app(), static_dir()), static_dir())
    guard(app)
    tabs.remember(app)
    return walled(Front(site, Starlette(routes=API), settings.public_url), static_dir(), settings)


def serve(site: ASGIApp, bound: socket.socket, ready: Callable[[], None]) -> None:
    """Serve the site on the bound socket until a signal says stop. Raises `StartError`."""
    settings = get_settings()
    from memicos_app.memicos_app import app

    logs.set_up(settings)
    server = Server(configuration(site, settings), ready, partial(handover.let_go, app))
    try:
        with suppress(KeyboardInterrupt):
            server.run([bound])
    except OSError as error:
        raise StartError(refused(error, settings.host, settings.port, "PORT")) from None
    except SystemExit:
        if server.started:
            raise
        raise StartError("The site could not start; what went wrong is above.") from None


def configuration(site: ASGIApp, settings: Settings) -> uvicorn.Config:
    """Sockets compress what they send: page state is text that shrinks to a fifth."""
    compress_quickly()
    return uvicorn.Config(
        site,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        ws="wsproto",
        ws_per_message_deflate=True,
        ws_max_size=LARGEST_EVENT,
        timeout_graceful_shutdown=settings.shutdown_seconds,
        server_header=False,
    )
