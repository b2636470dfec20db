"""`python -m tests.jobs.keeping`: keeps a job process alive as the site does, until it is killed."""

from __future__ import annotations

import os
import signal
import sys

from memicos_app.jobs.local import LocalJobs
from memicos_app.settings import Settings, get_settings


class Keeping(LocalJobs):
    """The site's job process, with the kinds of tests, and as near to a processor as they are."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._niceness = 0

    def _command(self) -> tuple[list[str], dict[str, str]]:
        _, variables = super()._command()
        return [sys.executable, "-m", "tests.jobs.working", "--parent", str(os.getpid())], variables


if __name__ == "__main__":
    Keeping(get_settings()).start()
    signal.pause()
