"""Which job processes of this machine live: each holds the lock of a file, which the kernel frees when it dies.

So the jobs of a killed process are taken up at once by the next one beside it. Across machines, and where files
have no locks, the heartbeats of the queue say the same some seconds later.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Iterable
from pathlib import Path

from memicos_app.db.errors import EmbeddedServerError
from memicos_app.db.flock import FileLock


class Presence:
    """This process among the job processes of a data folder; `name` is machine/process/token."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / "jobs"
        token = secrets.token_hex(6)
        self.name = f"{socket.gethostname()}/{os.getpid()}/{token}"
        self._lock: FileLock | None = None
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self._path(token))
            if lock.try_exclude():
                self._lock = lock
        except (OSError, EmbeddedServerError, AttributeError):
            pass  # A disk that is full or knows no locks: heartbeats remain.

    def dead(self, names: Iterable[str]) -> list[str]:
        """Those of the names whose process certainly is gone: it was of this machine and its lock is free."""
        return [name for name in names if name != self.name and self._is_free(self._path(name.rpartition("/")[2]))]

    def forget(self, living: Iterable[str]) -> None:
        """Remove what dead processes left, but for those that are still named."""
        kept = {name.rpartition("/")[2] for name in (*living, self.name)}
        for path in self._folder.glob("*.lock"):
            if path.stem not in kept and self._is_free(path):
                path.unlink(missing_ok=True)

    def leave(self) -> None:
        """This process takes up no more jobs."""
        if self._lock is not None:
            self._lock.path.unlink(missing_ok=True)
            self._lock.close()
            self._lock = None

    def _path(self, token: str) -> Path:
        return self._folder / f"{token}.lock"

    @staticmethod
    def _is_free(path: Path) -> bool:
        """Whether the file is there and nobody holds it: a file that is not there says nothing."""
        if not path.is_file():
            return False
        try:
            lock = FileLock(path)
        except OSError:
            return False
        try:
            return lock.try_exclude()
        except (OSError, EmbeddedServerError, AttributeError):
            return False
        finally:
            lock.close()
