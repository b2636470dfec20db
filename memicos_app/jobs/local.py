"""The job process beside the site: kept alive, ended with it."""

from __future__ import annotations

import os
import sys

from memicos_app.library import giving_way
from memicos_app.settings import Settings
from memicos_app.worker.kept import KeptProcess

_HANDED_DOWN = ("data_dir", "log_level", "jobs_at_once", "jobs_keep_days", "model_id", "sae_dir", "device")
"""Settings that this process may have from elsewhere than its environment."""


class LocalJobs(KeptProcess):
    """A job process that is kept alive."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings, "the job process", "jobs", giving_way.JOBS)

    def _command(self) -> tuple[list[str], dict[str, str]]:
        handed_down = {name.upper(): str(getattr(self._settings, name)) for name in _HANDED_DOWN}
        database = self._settings.database_url.get_secret_value()
        command = [sys.executable, "-m", "memicos_app.jobs", "--parent", str(os.getpid())]
        return command, {**handed_down, "DATABASE_URL": database}
