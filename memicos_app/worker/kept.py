"""A process beside this one that is kept alive: started, watched, started again when it ends."""

from __future__ import annotations

import logging
import os
import subprocess
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import IO

from memicos_app.library.giving_way import put_behind
from memicos_app.settings import ROOT, Settings

_log = logging.getLogger(__name__)
_FIRST_DELAY, _LONGEST_DELAY, _STABLE = 0.5, 30.0, 60.0
_LOG_SIZE = 10 << 20
_PATIENCE = 8.0


class KeptProcess(ABC):
    """A process that is started again when it ends, later each time it fails early.

    Args:
        words: what log and people call it: "the inference worker".
        log_name: its output goes to `logs/{log_name}.log`.
        niceness: how far it stands behind the pages (`library/giving_way.py`).
    """

    def __init__(self, settings: Settings, words: str, log_name: str, niceness: int) -> None:
        self._settings, self._words, self._log_name, self._niceness = settings, words, log_name, niceness
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name=f"{log_name}-watch", daemon=True)
        self.restarts = 0
        self.last_exit: int | None = None

    @abstractmethod
    def _command(self) -> tuple[Sequence[str], dict[str, str]]:
        """What to run now, and the variables to set beside those of this process."""

    def start(self) -> None:
        """Start the process and the thread that watches it; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """End the process: asked first, killed when it does not listen."""
        self._stopping.set()
        process = self._process
        if process is not None:
            _end(process)
        if self._thread.ident is not None:
            self._thread.join(_PATIENCE)

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def _watch(self) -> None:
        delay = _FIRST_DELAY
        while not self._stopping.is_set():
            began = time.monotonic()
            self.last_exit = self._run_safely()
            if self._stopping.is_set():
                return
            delay = _FIRST_DELAY if time.monotonic() - began > _STABLE else min(2 * delay, _LONGEST_DELAY)
            _log.warning("%s ended with %s; starting it again in %.1f s", self._words, self.last_exit, delay)
            self._stopping.wait(delay)
            self.restarts += 1

    def _run_safely(self) -> int | None:
        try:
            return self._run()
        except OSError as error:  # a full disk, no process to be had: this thread has to outlive it
            _log.error("%s cannot be started: %s", self._words, error)
            return None

    def _run(self) -> int:
        command, variables = self._command()
        with self._log_file() as log:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, **variables},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        put_behind(process.pid, self._niceness)
        self._process = process
        if self._stopping.is_set():
            _end(process)
        return process.wait()

    def _log_file(self) -> IO[bytes]:
        path = self._settings.logs_dir / f"{self._log_name}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_file() and path.stat().st_size > _LOG_SIZE:
            path.replace(path.with_suffix(".log.1"))
        return path.open("ab")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
