"""Where an export is written: a folder, or a bucket of any S3-compatible store.

A file appears complete or not at all. Names are relative to the target and use `/`.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from memicos_app.library import addresses
from memicos_app.library.datasets import putting
from memicos_app.library.datasets.bucket import BucketAddress, bucket_of
from memicos_app.library.datasets.stores import folder_of
from memicos_app.library.errors import BadInputError
from memicos_app.settings import get_settings


class Target(Protocol):
    """A place for files."""

    @property
    def name(self) -> str:
        """How people call it."""

    def scratch(self, name: str) -> Path:
        """A path on this machine where the file of this name may be made, to be taken by `put`."""

    async def put(self, name: str, made: Path) -> None:
        """Take a finished file, in place of one of this name.

        Raises:
            UnavailableError: the place does not take it.
        """

    async def write(self, name: str, content: bytes) -> None:
        """Write a small file."""

    async def sizes(self, prefix: str) -> dict[str, int]:
        """Files whose names begin with a folder's name and `/`, with their sizes."""

    async def remove(self, name: str) -> None:
        """Remove a file."""


def open_target(place: str | Path) -> Target:
    """The target of a folder's path or of `s3://bucket/prefix?region=…&endpoint=…`.

    Raises:
        BadInputError: it is neither.
    """
    text = str(place)
    if address := bucket_of(text):
        return BucketTarget(address)
    folder = folder_of(text)
    if folder is None:
        raise BadInputError(f"{text[:200]} is neither a folder nor s3://bucket/folder.", field="target")
    return FolderTarget(folder)


class FolderTarget:
    """A folder on this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.expanduser().absolute()

    @property
    def name(self) -> str:
        """Its path."""
        return str(self.folder)

    def scratch(self, name: str) -> Path:
        """A hidden path beside the file's place, from where it gets there by renaming."""
        place = self.folder / name
        return place.with_name(f".{place.name}.partial")

    async def put(self, name: str, made: Path) -> None:
        """Rename; what is on disk survives a power cut."""
        await asyncio.to_thread(_rename, made, self.folder / name)

    async def write(self, name: str, content: bytes) -> None:
        """Write aside and rename."""
        made = self.scratch(name)
        await asyncio.to_thread(_write, made, content)
        await self.put(name, made)

    async def sizes(self, prefix: str) -> dict[str, int]:
        """Files below a folder, hidden ones not."""
        found = (path for path in (self.folder / prefix).glob("**/*") if path.is_file())
        visible = (path for path in found if not path.name.startswith("."))
        return {path.relative_to(self.folder).as_posix(): path.stat().st_size for path in visible}

    async def remove(self, name: str) -> None:
        """Remove a file that may be gone already."""
        (self.folder / name).unlink(missing_ok=True)


class BucketTarget:
    """A bucket, written with the account of the environment. Whoever names it says where this machine connects to."""

    def __init__(self, address: BucketAddress) -> None:
        self._address = address
        self._prefix = f"{address.prefix.strip('/')}/" if address.prefix.strip("/") else ""
        parts = urlsplit(address.base)
        self._allow = (f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}",)

    @property
    def name(self) -> str:
        """Its address."""
        return f"{self._address.base}/{self._prefix}".rstrip("/")

    def scratch(self, name: str) -> Path:
        """A path in the data folder, for this target alone."""
        folder = get_settings().exports_dir / hashlib.sha256(self.name.encode()).hexdigest()[:16]
        return folder / name.replace("/", "-")

    async def put(self, name: str, made: Path) -> None:
        """Upload, in parts where it is large."""
        await putting.put(self._address, self._prefix + name, made, self._allow)
        made.unlink()

    async def write(self, name: str, content: bytes) -> None:
        """Upload."""
        await putting.put(self._address, self._prefix + name, content, self._allow)

    async def sizes(self, prefix: str) -> dict[str, int]:
        """Objects below a folder's name; the account must be allowed to list them."""
        root = f"{self._prefix}{prefix}/"
        found: dict[str, int] = {}
        async with self._store() as store:
            async for page in obstore.list(store, root):
                found |= {one["path"].removeprefix(self._prefix): one["size"] for one in page}
        return found

    async def remove(self, name: str) -> None:
        """Remove an object; a store says the same of one that is gone already."""
        async with self._store() as store:
            await obstore.delete_async(store, self._prefix + name)

    @asynccontextmanager
    async def _store(self) -> AsyncIterator[S3Store]:
        await addresses.check(self._address.base, self._allow)
        try:
            yield putting.store(self._address)
        except (BaseError, OSError) as error:
            raise putting.failure(self._address, error) from error


def _rename(made: Path, place: Path) -> None:
    with made.open("rb") as file:
        os.fsync(file.fileno())
    made.rename(place)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
