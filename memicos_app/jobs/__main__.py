"""`python -m memicos_app.jobs`: a job process, from the settings alone."""

from __future__ import annotations

import argparse
import os
import signal
import threading
import time

from memicos_app.db import migrate, session
from memicos_app.jobs import process
from memicos_app.library import logs
from memicos_app.settings import get_settings

_PARENT_CHECK_S = 0.5
_PATIENCE_S = 7.0


def main() -> None:
    """Work until SIGTERM, SIGINT, or the death of the parent that `--parent` names."""
    parser = argparse.ArgumentParser(prog="python -m memicos_app.jobs", description=__doc__)
    parser.add_argument("--parent", type=int, help="end when this process is no longer the parent")
    parser.add_argument("--at-once", type=int, help="jobs side by side; as JOBS_AT_ONCE")
    parser.add_argument("--drain", action="store_true", help="end when nothing more is to be done")
    arguments = parser.parse_args()
    work(arguments.at_once, parent=arguments.parent, drain=arguments.drain)


def work(at_once: int | None = None, *, parent: int | None = None, drain: bool = False) -> None:
    """A job process that takes this whole process: it does not return where work hangs in a thread."""
    settings = get_settings()
    logs.set_up(settings)
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), name="parent", daemon=True).start()
    migrate.upgrade(session.database_url())
    process.run(at_once or settings.jobs_at_once, drain=drain)
    session.release()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_PARENT_CHECK_S)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_PATIENCE_S)
    os._exit(1)


if __name__ == "__main__":
    main()
