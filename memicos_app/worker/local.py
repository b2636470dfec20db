"""One worker process beside this one: started, watched, started again when it ends."""

from __future__ import annotations

import json
import logging
import os
import socket
import subprocess
import sys
import threading
import time
from typing import IO

from inference_worker.client import WorkerClient, WorkerDown
from memicos_app.settings import ROOT, Settings, new_secret

_log = logging.getLogger(__name__)
_HANDED_DOWN = (
    "data_dir",
    "log_level",
    "model_id",
    "override_model_id",
    "custom_hf_model_id",
    "served_model_id",
    "sae_sets",
    "sae_dir",
    "include_sae",
    "exclude_sae",
    "sae_memory_gb",
    "sae_dtype",
    "device",
    "model_dtype",
    "token_limit",
    "max_completion_tokens",
    "worker_threads",
    "inference_host",
    "inference_queue",
)
"""Settings that the worker gets from the process that starts it, wherever that has them from."""
_FIRST_DELAY, _LONGEST_DELAY, _STABLE = 0.5, 30.0, 60.0
_LOG_SIZE = 10 << 20
_PATIENCE = 8.0


class LocalWorker:
    """A worker process that is kept alive: when it ends, it is started again, later each time it fails early."""

    def __init__(self, settings: Settings, log_name: str = "worker") -> None:
        self._settings, self._log_name = settings, log_name
        self._secret = settings.inference_server_secret.get_secret_value() or new_secret()
        self._process: subprocess.Popen[bytes] | None = None
        self._client: WorkerClient | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="worker-watch", daemon=True)
        self.restarts = 0
        self.last_exit: int | None = None

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
    def sentence(self) -> str:
        """Why it does not answer."""
        if self.last_exit is not None:
            log = f"logs/{self._log_name}.log"
            return f"The inference worker ended with {self.last_exit} and is started again; see {log}."
        return "The inference worker does not answer yet."

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def client(self) -> WorkerClient:
        """A client of the process as it is now.

        Raises:
            WorkerDown: no process was started yet.
        """
        if self._client is None:
            raise WorkerDown("The inference worker is starting.")
        return self._client

    def _watch(self) -> None:
        delay = _FIRST_DELAY
        while not self._stopping.is_set():
            began = time.monotonic()
            self.last_exit = self._run_safely()
            if self._stopping.is_set():
                return
            delay = _FIRST_DELAY if time.monotonic() - began > _STABLE else min(2 * delay, _LONGEST_DELAY)
            _log.warning("the inference worker ended with %s; starting it again in %.1f s", self.last_exit, delay)
            self._stopping.wait(delay)
            self.restarts += 1

    def _run_safely(self) -> int | None:
        try:
            return self._run()
        except OSError as error:  # a full disk, no process to be had: this thread has to outlive it
            _log.error("the inference worker cannot be started: %s", error)
            return None

    def _run(self) -> int:
        host = self._settings.inference_host
        port = free_port(host, self._settings.inference_port)
        with self._log_file() as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "inference_worker", "--parent", str(os.getpid())],
                cwd=ROOT,
                env={**os.environ, **self._environment(port)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._client = WorkerClient(address(host, port), self._secret)
        self._process = process
        if self._stopping.is_set():
            _end(process)
        return process.wait()

    def _environment(self, port: int) -> dict[str, str]:
        handed_down = {name.upper(): _as_text(getattr(self._settings, name)) for name in _HANDED_DOWN}
        return {**handed_down, "INFERENCE_PORT": str(port), "INFERENCE_SERVER_SECRET": self._secret}

    def _log_file(self) -> IO[bytes]:
        path = self._settings.logs_dir / f"{self._log_name}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_file() and path.stat().st_size > _LOG_SIZE:
            path.replace(path.with_suffix(".log.1"))
        return path.open("ab")


def address(host: str, port: int) -> str:
    """Where a worker that listens on a host is reached from this machine."""
    near = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{near}]:{port}" if ":" in near else f"http://{near}:{port}"


def free_port(host: str, preferred: int) -> int:
    """The preferred port if nobody listens there, else one that the system picks."""
    for port in (preferred, 0):
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise WorkerDown(f"No port is free on {host}.")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _as_text(value: object) -> str:
    return json.dumps(value) if isinstance(value, list) else str(value)
