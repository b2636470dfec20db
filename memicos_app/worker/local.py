"""One worker process beside this one, kept alive, and the way to talk to it."""

from __future__ import annotations

import json
import os
import socket
import sys

from inference_worker.client import WorkerClient, WorkerDown
from memicos_app.library import giving_way
from memicos_app.settings import Settings, new_secret
from memicos_app.worker.kept import KeptProcess

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


class LocalWorker(KeptProcess):
    """A worker process that is kept alive."""

    def __init__(self, settings: Settings, log_name: str = "worker") -> None:
        super().__init__(settings, "the inference worker", log_name, giving_way.MODEL)
        self._secret = settings.inference_server_secret.get_secret_value() or new_secret()
        self._client: WorkerClient | None = None

    @property
    def sentence(self) -> str:
        """Why it does not answer."""
        if self.last_exit is not None:
            log = f"logs/{self._log_name}.log"
            return f"The inference worker ended with {self.last_exit} and is started again; see {log}."
        return "The inference worker does not answer yet."

    def client(self) -> WorkerClient:
        """A client of the process as it is now.

        Raises:
            WorkerDown: no process was started yet.
        """
        if self._client is None:
            raise WorkerDown("The inference worker is starting.")
        return self._client

    def _command(self) -> tuple[list[str], dict[str, str]]:
        host = self._settings.inference_host
        port = free_port(host, self._settings.inference_port)
        self._client = WorkerClient(address(host, port), self._secret)
        return [sys.executable, "-m", "inference_worker", "--parent", str(os.getpid())], self._environment(port)

    def _environment(self, port: int) -> dict[str, str]:
        handed_down = {name.upper(): _as_text(getattr(self._settings, name)) for name in _HANDED_DOWN}
        return {**handed_down, "INFERENCE_PORT": str(port), "INFERENCE_SERVER_SECRET": self._secret}


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


def _as_text(value: object) -> str:
    return json.dumps(value) if isinstance(value, list) else str(value)
