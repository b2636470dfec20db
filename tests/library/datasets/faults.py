"""A web server that holds files in memory and does to each request what a test told it to."""

from __future__ import annotations

import hashlib
import re
import threading
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache, partial
from http.server import BaseHTTPRequestHandler
from typing import Any

from memicos_app.library.datasets.manifest import Manifest, Object
from memicos_app.library.datasets.origins import Origin, open_origin
from memicos_app.library.outbound import Patience
from tests.library.datasets.servers import served

IMPATIENT = Patience(connect=10, silence=2, whole=5, tries=4, pause=0.01)
MODEL, SOURCE = "toy", "3-res-tiny"


@dataclass
class Faulty:
    """The server: its files, what it does next with each, and what it was asked."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    faults: dict[str, deque[str]] = field(default_factory=lambda: defaultdict(deque))
    """By file, one for each request to come: `truncate`, `stall`, `500`, `change`, `damage`, `endless`, `more`,
    `drip`, `ignore-range`, `wrong-range`, or the address of a redirect."""
    asked: list[tuple[str, str, int]] = field(default_factory=list)
    """Method, file and first byte of each request."""
    etags: bool = True
    patience: Patience = IMPATIENT
    left: threading.Event = field(default_factory=threading.Event)

    @property
    def origin(self) -> Origin:
        """The server as an origin."""
        return open_origin(self.url, self.patience)

    def manifest(self, *, md5: bool = True, etag: bool = True) -> Manifest:
        """What it holds now."""
        objects = [
            Object(name, len(data), digest(data) if etag else "", md5=digest(data) if md5 else "")
            for name, data in self.files.items()
        ]
        return Manifest(self.url, MODEL, SOURCE, tuple(objects))

    def starts(self, name: str) -> list[int]:
        """The first byte of each GET of a file."""
        return [start for method, asked, start in self.asked if (method, asked) == ("GET", name)]


@cache
def digest(data: bytes) -> str:
    """MD5, which the server gives as etag."""
    return hashlib.md5(data).hexdigest()


@contextmanager
def faulty(**files: bytes) -> Iterator[Faulty]:
    """A running server; names of files are given with `_` and lie in features/."""
    server = Faulty(files={f"features/{name}.jsonl.gz": data for name, data in files.items()})
    with served(partial(_Handler, server)) as server.url:
        yield server
        server.left.set()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 5

    def __init__(self, server: Faulty, *args: Any) -> None:
        self.faulty = server
        super().__init__(*args)

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody reads it."""

    def do_HEAD(self) -> None:
        name, data, _ = self._asked()
        if data is None:
            self._head(404, {"Content-Length": "0"})
        else:
            self._head(200, {"Content-Length": str(len(data)), **self._etag(name)})

    def do_GET(self) -> None:
        name, data, start = self._asked()
        fault = self.faulty.faults[name].popleft() if self.faulty.faults[name] else ""
        if fault.isdecimal() or data is None:
            self._head(int(fault or 404), {"Content-Length": "0"})
        elif "://" in fault or fault.startswith("/"):
            self._head(302, {"Content-Length": "0", "Location": fault})
        elif self.headers.get("If-Match", (etag := self._etag(name).get("ETag"))) != etag:
            self._head(412, {"Content-Length": "0"})
        else:
            with suppress(ConnectionError):
                self._body(name, data, start, fault)

    def _body(self, name: str, data: bytes, start: int, fault: str) -> None:
        start = 0 if fault == "ignore-range" else start
        rest = data[start:]
        size = len(data)
        if fault == "wrong-range":
            start += 1
        headers = {"Content-Length": str(len(rest)), **self._etag(name)}
        if start:
            headers["Content-Range"] = f"bytes {start}-{size - 1}/{size}"
        if fault in ("endless", "more"):
            del headers["Content-Length"]
            headers["Connection"] = "close"
        self._head(206 if start else 200, headers)
        self._send(name, rest, fault)

    def _send(self, name: str, rest: bytes, fault: str) -> None:
        if fault in ("", "ignore-range", "wrong-range"):
            self.wfile.write(rest)
        elif fault == "damage":
            self.wfile.write(bytes([rest[0] ^ 1]) + rest[1:])
        elif fault == "more":
            self.wfile.write(rest + b"more")
        elif fault == "endless":
            while not self.faulty.left.is_set():
                self.wfile.write(bytes(1 << 16))
        elif fault == "drip":
            for byte in rest:
                if self.faulty.left.wait(0.1):
                    break
                self.wfile.write(bytes([byte]))
        else:
            self.wfile.write(rest[: len(rest) // 2])
            self.wfile.flush()
            if fault == "stall":
                self.faulty.left.wait(10)
            if fault == "change":
                self.faulty.files[name] = bytes(reversed(self.faulty.files[name])) + b"newer"
        self.close_connection = True

    def _asked(self) -> tuple[str, bytes | None, int]:
        name = self.path.removeprefix(f"/v1/{MODEL}/{SOURCE}/")
        found = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(found[1]) if found else 0
        self.faulty.asked.append((self.command, name, start))
        return name, self.faulty.files.get(name), start

    def _etag(self, name: str) -> dict[str, str]:
        return {"ETag": f'"{digest(self.faulty.files[name])}"'} if self.faulty.etags else {}

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
