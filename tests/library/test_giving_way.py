"""A process that gives way: so much for its threads, so much for its session."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from memicos_app.library.giving_way import put_behind


def test_a_process_and_its_session_stand_behind() -> None:
    waiting = subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        put_behind(waiting.pid, 5)
        assert os.getpriority(os.PRIO_PROCESS, waiting.pid) == 5
        group = Path(f"/proc/{waiting.pid}/autogroup")
        if group.exists() and group.read_text().strip():
            assert group.read_text().split()[-1] == "5"
    finally:
        waiting.communicate(b"\n")


def test_a_process_that_is_gone_is_no_error() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    put_behind(gone.pid, 5)
