"""Files of an export as they are made: gzipped lines with their hashes, and which of them an earlier run finished.

The same lines give the same bytes: no time and no name stands in the gzip header.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from memicos_app.db.flock import FileLock
from memicos_app.library.errors import UnavailableError

_LEVEL = 5
_GZIP = 31  # The window's bits, and 16 for a gzip header instead of zlib's.


@dataclass(frozen=True, slots=True)
class Written:
    """A finished file."""

    name: str
    bytes: int
    sha256: str
    lines: int


class PackedLines:
    """A gzip file that is written in a thread while its next lines are made."""

    def __init__(self, name: str, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.name, self.path = name, path
        self._file = path.open("wb")
        self._packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
        self._hash = hashlib.sha256()
        self._size = self._lines = 0
        self._before: asyncio.Future[None] | None = None

    async def add(self, content: bytes, lines: int) -> None:
        """Take whole lines; returns when those before them are written, so that memory stays small."""
        await self._settled()
        self._lines += lines
        self._before = asyncio.get_running_loop().run_in_executor(None, self._pack, content)

    async def finish(self) -> Written:
        """Write the end."""
        await self._settled()
        await asyncio.to_thread(self._store, self._packer.flush())
        self._file.close()
        return Written(self.name, self._size, self._hash.hexdigest(), self._lines)

    async def abandon(self) -> None:
        """Leave nothing behind."""
        if self._before is not None:
            await asyncio.wait([self._before])
        self._file.close()
        self.path.unlink(missing_ok=True)

    async def _settled(self) -> None:
        before, self._before = self._before, None
        if before is not None:
            await before

    def _pack(self, content: bytes) -> None:
        self._store(self._packer.compress(content))

    def _store(self, data: bytes) -> None:
        self._file.write(data)
        self._hash.update(data)
        self._size += len(data)


class Journal:
    """What an unfinished export has finished, on this machine: one line a file, under the state it was made of."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._done: dict[tuple[str, str], Written] = {}
        for line in path.read_text("utf-8").splitlines() if path.exists() else []:
            try:
                said: dict[str, Any] = json.loads(line)
                self._done[said["file"]["name"], said["state"]] = Written(**said["file"])
            except (ValueError, KeyError, TypeError):  # The line that a killed run was writing.
                continue

    def found(self, name: str, state: str) -> Written | None:
        """The file of this name, where it was finished out of this very state."""
        return self._done.get((name, state))

    def add(self, one: Written, state: str) -> None:
        """Remember a file that is in place."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write("\n" + json.dumps({"state": state, "file": asdict(one)}))

    def close(self) -> None:
        """Forget everything: the export is complete."""
        self.path.unlink(missing_ok=True)


@contextmanager
def journal(path: Path) -> Iterator[Journal]:
    """The journal of one export, for one process at a time.

    Raises:
        UnavailableError: another process is at it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path.with_suffix(".lock"))
    try:
        if not lock.try_exclude():
            raise UnavailableError("This export is being written by another process already.", field="target")
        yield Journal(path)
    finally:
        lock.close()
