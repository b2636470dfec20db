"""Servers on loopback that hold a folder: a plain web server, and one that speaks S3."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from moto.server import ThreadedMotoServer

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


_client: ContextVar[Any] = ContextVar("_client", default=httpx)


@dataclass(frozen=True)
class Bucket:
    """A bucket of a server on loopback that anybody may list and read."""

    endpoint: str
    name: str = "data"

    @property
    def origin(self) -> str:
        """How an origin or a target names it."""
        return f"s3://{self.name}?endpoint={self.endpoint}"

    def put(self, key: str, content: bytes, *, public: bool = True) -> None:
        """Put an object, public unless told otherwise."""
        headers = {"x-amz-acl": "public-read" if public else "private"}
        url = f"{self.endpoint}/{self.name}/{quote(key)}"
        _client.get().put(url, content=content, headers=headers).raise_for_status()

    @contextmanager
    def connected(self) -> Iterator[None]:
        """One connection for many calls."""
        with httpx.Client() as http:
            token = _client.set(http)
            yield
            _client.reset(token)

    def get(self, key: str) -> bytes:
        """An object's content, read with an account."""
        account = (
            "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
        )
        answer = httpx.get(f"{self.endpoint}/{self.name}/{quote(key)}", headers={"Authorization": account})
        return answer.raise_for_status().content

    def put_folder(self, folder: Path, prefix: str = "") -> None:
        """Put everything below a folder."""
        for path in folder.rglob("*"):
            if path.is_file():
                self.put(prefix + path.relative_to(folder).as_posix(), path.read_bytes())


@contextmanager
def s3() -> Iterator[Bucket]:
    """An empty bucket of a server that speaks S3, in this process; OUTBOUND_ALLOW names it inside the block."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        bucket = Bucket(f"http://{host}:{port}", f"data-{secrets.token_hex(4)}")
        httpx.put(f"{bucket.endpoint}/{bucket.name}").raise_for_status()
        with allowed(f"{host}:{port}"):
            yield bucket
    finally:
        server.stop()


@contextmanager
def allowed(host: str) -> Iterator[None]:
    """OUTBOUND_ALLOW names a host inside the block."""
    hosts = ",".join((*get_settings().outbound_allow, host))
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("OUTBOUND_ALLOW", hosts)
            get_settings.cache_clear()
            yield
    finally:
        get_settings.cache_clear()
