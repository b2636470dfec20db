"""Where an origin's files lie, by its name: a folder of this machine, a bucket, or a web server.

A store lists folders and files and reads small ones; large files are fetched by `fetching.py`. What the
folders mean is `origins.py`'s.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine, Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar
from urllib.parse import unquote, urlsplit

from memicos_app.library import outbound
from memicos_app.library.datasets.manifest import Object, check_name
from memicos_app.library.errors import NotFoundError
from memicos_app.library.outbound import PATIENT, Answer, Outbound, Patience, UpstreamError

SMALL = 4 << 20
"""Bytes that a card may have."""
_DEEPEST = 4
"""Folders below a model: source, kind of batches, and what nobody reads."""
Result = TypeVar("Result")


class Store(Protocol):
    """Files under names with slashes, relative to the origin."""

    async def folders(self, prefix: str) -> list[str]:
        """Names of the folders directly in a folder, sorted; none where there is no such folder."""

    async def objects(self, prefix: str) -> list[Object]:
        """Every file below a folder, named relative to it."""

    async def head(self, name: str) -> Object:
        """Size and etag of one file now. Raises `NotFoundError`."""

    async def read(self, name: str) -> bytes:
        """A small file. Raises `NotFoundError`."""


class FolderStore:
    """A folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def folders(self, prefix: str) -> list[str]:
        """As `Store`."""
        found = (self.folder / prefix).glob("*/")
        return sorted(path.name for path in found if not path.name.startswith("."))

    async def objects(self, prefix: str) -> list[Object]:
        """As `Store`; what changes is seen by size and time."""
        return await asyncio.to_thread(self._objects, prefix)

    async def head(self, name: str) -> Object:
        """As `Store`."""
        path = self.path(name)
        if not path.is_file():
            raise NotFoundError(f"{self.folder} holds no {name}.", field="name")
        return _described(path.stat(), name)

    async def read(self, name: str) -> bytes:
        """As `Store`."""
        size = (await self.head(name)).size
        if size > SMALL:
            raise UpstreamError(f"{self.path(name)} has {size >> 20} MiB, more than a file about a source may have.")
        return self.path(name).read_bytes()

    def path(self, name: str) -> Path:
        """Where a file is. Raises `UnsafeName`."""
        return self.folder / check_name(name)

    def _objects(self, prefix: str) -> list[Object]:
        return list(_files(str(self.folder / prefix), "", _DEEPEST))


class RemoteStore:
    """What buckets and web servers have in common: an address for every file, asked through the guarded client."""

    def __init__(self, base: str, *, trusted: bool = False, patience: Patience = PATIENT) -> None:
        self.base = base.rstrip("/")
        self.patience = patience
        parts = urlsplit(self.base)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        self.allow = (f"{parts.hostname}:{port}",) if trusted else ()

    def url(self, name: str) -> str:
        """Address of a file or, with a slash at its end, of a folder."""
        raise NotImplementedError

    def connected(self) -> AbstractAsyncContextManager[Outbound]:
        """A client for some requests to this store."""
        return outbound.client(self.patience, self.allow)

    async def head(self, name: str) -> Object:
        """As `Store`."""
        async with self.connected() as http:
            return await self.head_by(http, name)

    async def read(self, name: str) -> bytes:
        """As `Store`."""
        async with self.connected() as http:
            answer = await http.ask(self.url(name), most=SMALL)
        raise_unless_there(answer, self.url(name))
        return answer.body

    async def head_by(self, http: Outbound, name: str) -> Object:
        """`head` over a client that is open already."""
        answer = await http.ask(self.url(name), most=SMALL, method="HEAD")
        raise_unless_there(answer, self.url(name))
        return self.described(name, answer.headers)

    def described(self, name: str, headers: Mapping[str, str]) -> Object:
        """What the headers of an answer say of the file."""
        size = headers.get("content-length", "")
        if not size.isdecimal():
            raise UpstreamError(
                f"{self.url(name)} comes without its size; the server must send Content-Length or have manifest.json."
            )
        return Object(name, int(size), plain_etag(headers.get("etag", "")), http_time(headers.get("last-modified")))


def raise_unless_there(answer: Answer, url: str) -> None:
    """Turn a status that is no success into a failure that says what to do."""
    if answer.status in (404, 410):
        raise NotFoundError(f"There is no {url}.", field="origin")
    if answer.status in (401, 403):
        raise UpstreamError(f"{url} may not be read without an account ({answer.status}).")
    if answer.status != 200:
        raise UpstreamError(f"{url} answers {answer.status}.")


def plain_etag(value: str) -> str:
    """An etag without quotes, `W/` kept."""
    weak = value.startswith("W/")
    return ("W/" if weak else "") + value.removeprefix("W/").strip('"')


def http_time(value: str | None) -> datetime | None:
    """A time as HTTP writes it."""
    try:
        return datetime.strptime(value or "", "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
    except ValueError:
        return None


def folder_of(name: str) -> Path | None:
    """The folder that an origin's name means, where it means one."""
    if name.startswith("file://"):
        return Path(unquote(urlsplit(name).path))
    return None if "://" in name else Path(name).expanduser()


def _files(folder: str, below: str, depth: int) -> Iterator[Object]:
    """Files named relative to where the walk began; links are followed, so the depth has an end."""
    try:
        found = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in found:
        if entry.is_file():
            yield _described(entry.stat(), below + entry.name)
        elif depth > 1 and entry.is_dir():
            yield from _files(entry.path, f"{below}{entry.name}/", depth - 1)


async def together(work: Iterable[Coroutine[Any, Any, Result]]) -> list[Result]:
    """Results of tasks that run at the same time, in order; the first failure ends them all and is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each) for each in work]
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]


def _described(found: os.stat_result, name: str) -> Object:
    changed = datetime.fromtimestamp(found.st_mtime, UTC)
    return Object(name, found.st_size, f"{found.st_mtime_ns:x}-{found.st_size:x}", changed)
