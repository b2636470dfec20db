"""Processes that give way to others when processors are short: pages are read before a model writes on.

A process in a session of its own is by itself one group to Linux's scheduler, and then its niceness counts only
against its own threads; the group has one of its own, which is set beside it.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

MODEL = 10
"""The inference worker: behind pages, before jobs."""
JOBS = 15
"""Jobs and the programs that they run."""


def put_behind(pid: int, niceness: int) -> None:
    """Have a process that was just started in a session of its own, and all it starts, give way.

    Args:
        niceness: 0 to 19; each step is about a quarter less of a processor that others want, too.
    """
    if hasattr(os, "setpriority"):
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, pid, niceness)
    with suppress(OSError):
        Path(f"/proc/{pid}/autogroup").write_text(str(niceness), encoding="ascii")
