"""Whether a connection's server has ended: a backend that outlives its postmaster answers once more, then is gone."""

from __future__ import annotations

import os
import select
import sys
import weakref


class Postmaster:
    """The postmaster that a connection was made by, whoever started it and whoever has its process id later.

    Args:
        pid: its process id.

    Raises:
        OSError: it has ended, or the kernel cannot watch a process.
    """

    def __init__(self, pid: int) -> None:
        self._descriptor = _opened(pid)
        weakref.finalize(self, os.close, self._descriptor)

    def has_ended(self) -> bool:
        """Whether it has, also as a zombie; one system call."""
        watch = select.poll()
        watch.register(self._descriptor, select.POLLIN)
        return bool(watch.poll(0))


def watched(pid: int | None) -> Postmaster | None:
    """A postmaster to ask later; None where there is none, or where the kernel cannot watch one."""
    if pid is None:
        return None
    try:
        return Postmaster(pid)
    except OSError:
        return None


def _opened(pid: int) -> int:
    if sys.platform == "linux":
        return os.pidfd_open(pid)
    raise OSError("only Linux watches a process that is not a child")
