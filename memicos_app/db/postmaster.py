"""Whether a connection's server has ended: a backend that outlives its postmaster answers once more, then is gone."""

from __future__ import annotations

import os
import select
import sys
import weakref
from contextlib import suppress

from memicos_app.db.postgres_place import Place


class Postmaster:
    """The postmaster that made a connection, whoever started it and whoever has its process id later.

    Args:
        descriptor: the kernel's own for the process; closed with this object.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        weakref.finalize(self, os.close, descriptor)

    def has_ended(self) -> bool:
        """Whether it has, also as a zombie."""
        watch = select.poll()
        watch.register(self._descriptor, select.POLLIN)
        return bool(watch.poll(0))


def watched(place: Place) -> Postmaster | None:
    """The live postmaster of a place, to ask later; None if there is none, or the system cannot watch one."""
    if sys.platform == "linux" and (pid := place.postmaster) is not None:
        with suppress(OSError):  # it has ended since, or a container forbids the call
            return Postmaster(os.pidfd_open(pid))
    return None
