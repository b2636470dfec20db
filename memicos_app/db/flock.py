"""Advisory locks on files: shared, exclusive, and freed by the kernel when their last holder dies in any way."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from memicos_app.db.errors import EmbeddedServerError

try:
    import fcntl
except ModuleNotFoundError:  # Windows, where the embedded server is refused before any lock is taken.
    fcntl = None  # type: ignore[assignment]

_NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL)


class FileLock:
    """One open file and the lock it holds; a child that inherits `descriptor` holds the lock too."""

    def __init__(self, path: Path, *, owner: tuple[int, int] | None = None) -> None:
        self.path = path
        self._process = os.getpid()
        self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if owner is not None:
            os.fchown(self.descriptor, *owner)

    @property
    def inherited(self) -> bool:
        """Whether this process was forked from the one that opened the file, whose lock it must not drop."""
        return self._process != os.getpid()

    def share(self) -> None:
        """Hold the lock beside others that share it, waiting for an exclusive holder."""
        self._lock(fcntl.LOCK_SH)

    def exclude(self) -> None:
        """Hold the lock alone, waiting for every other holder."""
        self._lock(fcntl.LOCK_EX)

    def try_exclude(self) -> bool:
        """Hold the lock alone if nobody else holds it now."""
        try:
            self._lock(fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def free(self) -> None:
        """Give the lock up, also for every process that inherited it."""
        self._lock(fcntl.LOCK_UN)

    def close(self) -> None:
        """Close the file, and with it the lock unless a child holds it still."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    def _lock(self, operation: int) -> None:
        try:
            fcntl.flock(self.descriptor, operation)
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise
            raise EmbeddedServerError(
                f"The file system of {self.path.parent} has no file locks: set DATA_DIR to a folder on a local disk."
            ) from error


@contextmanager
def exclusive(path: Path, *, owner: tuple[int, int] | None = None) -> Iterator[FileLock]:
    """The lock of `path`, held alone inside the block; no child that was forked meanwhile keeps it."""
    lock = FileLock(path, owner=owner)
    try:
        lock.exclude()
        yield lock
    finally:
        lock.free()
        lock.close()


def is_held(path: Path) -> bool:
    """Whether any process holds the lock of `path` now."""
    if not path.exists():
        return False
    lock = FileLock(path)
    try:
        return not lock.try_exclude()
    finally:
        lock.close()
