"""Servers on loopback that hold a folder: a plain web server, and one that speaks S3."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from unittest.mock import patch

from memicos_app.settings import get_settings


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Nobody reads it."""


@contextmanager
def served(handler: Any) -> Iterator[str]:
    """Address of a web server with this handler, which OUTBOUND_ALLOW names inside the block."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        with allowed(f"127.0.0.1:{server.server_port}"):
            yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def web(folder: Path) -> Iterator[str]:
    """Address of Python's own web server over a folder."""
    with served(partial(_Quiet, directory=str(folder))) as url:
        yield url


@contextmanager
def allowed(host: str) -> Iterator[None]:
    """OUTBOUND_ALLOW names a host inside the block."""
    settings = get_settings()
    with patch.object(settings, "outbound_allow", [*settings.outbound_allow, host]):
        yield
