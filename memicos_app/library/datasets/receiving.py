"""One file received from a remote store: in ranges where the connection breaks, watched for change, checked."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import BinaryIO

import httpx

from memicos_app.db.flock import FileLock
from memicos_app.library.datasets.downloads import Downloads
from memicos_app.library.datasets.manifest import Manifest, Object
from memicos_app.library.datasets.stores import RemoteStore, http_time, plain_etag
from memicos_app.library.errors import NotFoundError, UnavailableError
from memicos_app.library.outbound import Outbound, Passing, UpstreamError, raise_if_passing
from memicos_app.library.watch import Watch

PIECE = 1 << 20
"""Bytes gathered before they are written."""
MOST_CHANGES = 3
MOST_DAMAGED = 2
SLOWEST = 1024
"""Bytes a second below which a download counts as stalled, over twice the patience for silence."""
_OTHERS = 0.2
"""Seconds between looks at a file that another process is fetching."""
_NOT_MD5 = ("aws:kms", "aws:kms:dsse")
"""Kinds of encryption at rest under which an etag looks like an MD5 and is none."""


class _Changed(Exception):
    """The content is not any more what was listed."""


class _Damaged(Exception):
    """What arrived is not what the checksum says."""


class Receiver:
    """Receives files of one source; several at once over one client."""

    def __init__(
        self, store: RemoteStore, manifest: Manifest, downloads: Downloads, http: Outbound, watch: Watch
    ) -> None:
        self._store, self._manifest, self._downloads = store, manifest, downloads
        self._http, self._watch = http, watch
        self._received: dict[str, tuple[int, int]] = {}

    def progress(self) -> tuple[float, float]:
        """Bytes received of the bytes of all files that were begun."""
        done, sizes = zip(*self._received.values(), strict=True) if self._received else ((0,), (0,))
        return float(sum(done)), float(sum(sizes))

    async def receive(self, one: Object) -> tuple[Object, Path]:
        """The complete file of this name with what it is; raises as `fetching.fetched`."""
        for _ in range(MOST_CHANGES + 1):
            try:
                return one, await self._version(one)
            except _Changed:
                self._downloads.remove(one.name)
                one = await self._anew(one)
        raise UnavailableError(f"{self._url(one)} changes again and again while it is fetched.", retry_after=600)

    async def _anew(self, old: Object) -> Object:
        now = await self._store.head_by(self._http, self._name(old))
        self._watch.log(f"{old.name} changed at its origin while it was fetched; it is fetched again.", "warning")
        return Object(old.name, now.size, now.etag, now.modified, now.md5)

    async def _version(self, one: Object) -> Path:
        """This version, fetched here or by another process that has begun with it."""
        part = self._downloads.part(one)
        while not self._downloads.is_complete(one):
            with _held(part) as is_ours:
                if is_ours and self._downloads.is_complete(one):
                    part.unlink()
                elif is_ours:
                    self._downloads.check_room(one.size)
                    return await self._checked(one, part)
                else:
                    await asyncio.sleep(_OTHERS)
        return self._downloads.path(one.name)

    async def _checked(self, one: Object, part: Path) -> Path:
        """This version, from its first missing byte to its check."""
        for _ in range(MOST_DAMAGED):
            try:
                is_md5 = await self._all_ranges(one, part)
                await asyncio.to_thread(_check, part, one, is_md5)
                return await asyncio.to_thread(self._downloads.put_in_place, one)
            except _Damaged:
                self._watch.log(f"{one.name} arrived damaged; it is fetched again.", "warning")
                with part.open("wb"):
                    pass
        raise UpstreamError(
            f"{self._url(one)} arrives with another content than its checksum says, {MOST_DAMAGED} times."
        )

    async def _all_ranges(self, one: Object, part: Path) -> bool:
        """Go on until the part is as long as the file; whether an etag that looks like an MD5 is one."""
        attempt, is_md5 = 0, True
        while (start := part.stat().st_size) < one.size:
            try:
                is_md5 = await self._range(one, part, start)
            except Passing as error:
                grown = part.stat().st_size - start
                attempt = 1 if grown >= min(PIECE, one.size // 4 + 1) else attempt + 1
                if attempt >= self._http.patience.tries:
                    raise UnavailableError(
                        f"{self._url(one)}: {error}; tried {attempt} times.", retry_after=60
                    ) from error
                self._watch.log(f"{one.name}: {error}; it goes on from byte {part.stat().st_size:,}.", "warning")
                await asyncio.sleep(self._http.patience.before(attempt, error.after))
        return is_md5

    async def _range(self, one: Object, part: Path, start: int) -> bool:
        """Ask for the file from a byte on and write what comes."""
        async with self._http.stream("GET", self._url(one), _asked(one, start)) as response:
            start = _start_of(response, one, start)
            with part.open("r+b") as file:
                file.seek(start)
                file.truncate()
                await self._body(response, one, file)
        return response.headers.get("x-amz-server-side-encryption") not in _NOT_MD5

    async def _body(self, response: httpx.Response, one: Object, file: BinaryIO) -> None:
        """Write the body as it comes; what came before a failure is kept."""
        waiting = bytearray()
        pace = _Pace(self._http.patience.silence)
        at = file.tell()
        try:
            async for piece in response.aiter_raw():
                at += len(piece)
                if at > one.size:
                    raise UpstreamError(f"{self._url(one)} sends more than the {one.size:,} bytes that were listed.")
                pace.check(len(piece))
                waiting += piece
                self._received[one.name] = (at, one.size)
                if len(waiting) >= PIECE:
                    await asyncio.to_thread(file.write, bytes(waiting))
                    waiting.clear()
        finally:
            file.write(waiting)
        if at < one.size:
            raise Passing("the answer ended early")

    def _name(self, one: Object) -> str:
        return f"{self._manifest.prefix}/{one.name}"

    def _url(self, one: Object) -> str:
        return self._store.url(self._name(one))


class _Pace:
    """Notices a connection that gives a byte now and then so as to seem alive."""

    def __init__(self, silence: float) -> None:
        self._span = 2 * silence
        self._began, self._bytes = time.monotonic(), 0

    def check(self, n_bytes: int) -> None:
        """Count bytes. Raises `Passing` where too few came for too long."""
        self._bytes += n_bytes
        now = time.monotonic()
        if now - self._began > self._span:
            if self._bytes < SLOWEST * self._span:
                raise Passing(f"only {self._bytes:,} bytes came in {self._span:.0f} s")
            self._began, self._bytes = now, 0


def _asked(one: Object, start: int) -> dict[str, str]:
    """Headers that ask for this version only, from a byte on."""
    headers = {"Range": f"bytes={start}-"} if start else {}
    if one.etag and not one.etag.startswith("W/"):
        headers["If-Match"] = f'"{one.etag}"'
    return headers


def _start_of(response: httpx.Response, one: Object, start: int) -> int:
    """The byte that the answer begins with.

    Raises:
        _Changed: it is of another version.
        Passing, UpstreamError, NotFoundError: as the status says.
    """
    raise_if_passing(response)
    status, url = response.status_code, response.url
    if status in (404, 410):
        raise NotFoundError(f"{url} was listed and is not there.", field="origin")
    if status in (412, 416):
        raise _Changed
    if status in (401, 403):
        raise UpstreamError(f"{url} may not be read without an account ({status}).")
    if status not in (200, 206):
        raise UpstreamError(f"{url} answers {status}.")
    if not _is_version(response.headers, one):
        raise _Changed
    if status == 200:
        _check_length(response.headers.get("content-length"), one.size)
        return 0
    given = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", response.headers.get("content-range", ""))
    if given is None or int(given[1]) != start:
        raise UpstreamError(f"{url} answers with another range than was asked for.")
    _check_length(given[2], one.size)
    return start


def _check_length(told: str | None, size: int) -> None:
    if told is not None and told.isdecimal() and int(told) != size:
        raise _Changed


def _is_version(headers: httpx.Headers, one: Object) -> bool:
    """Whether an answer is of the version that was listed, as far as it tells."""
    etag = plain_etag(headers.get("etag", ""))
    if one.etag and etag:
        return one.etag.removeprefix("W/") == etag.removeprefix("W/")
    modified = http_time(headers.get("last-modified"))
    if one.modified and modified and not one.sha256:
        return abs((one.modified - modified).total_seconds()) < 1
    return True


@contextmanager
def _held(part: Path) -> Iterator[bool]:
    """Whether the part is nobody else's inside the block: locked, and not moved away before it was."""
    part.parent.mkdir(parents=True, exist_ok=True)
    try:
        lock = FileLock(part)
    except FileNotFoundError:  # Its folder was empty and another process has just removed it.
        yield False
        return
    with closing(lock):
        yield lock.try_exclude() and _inode(part) == os.fstat(lock.descriptor).st_ino


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return -1


def _check(part: Path, one: Object, is_md5: bool) -> None:
    """Raises `_Damaged` where the content is not what the origin says."""
    if part.stat().st_size != one.size:
        raise _Damaged
    for kind, expected in (("sha256", one.sha256), ("md5", one.md5 if is_md5 else "")):
        if not expected:
            continue
        with part.open("rb") as file:
            if hashlib.file_digest(file, kind).hexdigest() != expected:
                raise _Damaged
