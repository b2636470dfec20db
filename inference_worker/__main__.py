"""`python -m inference_worker`: the worker as a process of its own, from the settings alone."""

from __future__ import annotations

import argparse
import ipaddress
import logging
import os
import shlex
import signal
import sys
import threading
import time
from types import FrameType

import uvicorn
import watchfiles

from inference_worker.server import create_app
from inference_worker.worker import Worker
from memicos_app.settings import ROOT, Settings, SettingsFileError, configured, get_settings

_PARENT_CHECK = 0.5
_PATIENCE = 3
"""Seconds that streams get to end where the site has let them end already, or somebody waits at a terminal."""
_SWITCH_INTERVAL = 0.001
"""Seconds after which Python lets the event loop have its turn beside the model's thread."""


def main() -> None:
    """Serve until SIGTERM, SIGINT, or the death of the parent that `--parent` names."""
    parser = argparse.ArgumentParser(prog="python -m inference_worker", description=__doc__)
    parser.add_argument("--parent", type=int, help="end when this process is no longer the parent")
    parser.add_argument("--config", metavar="NAME", help="take .env.inference.NAME over .env and the environment")
    parser.add_argument("--reload", action="store_true", help="start again when the worker's code changes")
    arguments = parser.parse_args()
    if arguments.reload:
        _reload([argument for argument in sys.argv[1:] if argument != "--reload"])
        return
    settings = _settings(arguments.config)
    require_safe(settings)
    logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    sys.setswitchinterval(_SWITCH_INTERVAL)
    if arguments.parent is not None:
        threading.Thread(target=_end_with, args=(arguments.parent,), name="parent", daemon=True).start()
    _serve(settings, _PATIENCE if arguments.parent is not None else settings.shutdown_seconds)


class Server(uvicorn.Server):
    """Uvicorn that lets streams end when a host says TERM, and hurries for a person at a terminal."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if sig != signal.SIGTERM:
            self.config.timeout_graceful_shutdown = min(_PATIENCE, self.config.timeout_graceful_shutdown or 0)
        super().handle_exit(sig, frame)


def _settings(config: str | None) -> Settings:
    try:
        return configured(config) if config else get_settings()
    except SettingsFileError as error:
        sys.exit(str(error))


def _reload(arguments: list[str]) -> None:
    """Run the worker in a child that is started again when a file of the worker's code changes."""
    command = shlex.join([sys.executable, "-m", "inference_worker", *arguments])
    watchfiles.run_process(ROOT / "inference_worker", target=command, watch_filter=watchfiles.PythonFilter())


def _serve(settings: Settings, patience: int) -> None:
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        host=settings.inference_host,
        port=settings.inference_port,
        log_config=None,
        access_log=settings.log_level == "debug",
        timeout_graceful_shutdown=patience,
    )
    threading.Thread(target=_announce, args=(app.state.worker, settings), name="announce", daemon=True).start()
    Server(config).run()


def _announce(worker: Worker, settings: Settings) -> None:
    worker.loaded.wait()
    state = worker.readiness()
    where = f"http://{settings.inference_host}:{settings.inference_port}"
    _say(f"inference worker {state.state} at {where}: {state.model} {state.detail}".rstrip())
    _say(f"Initialized: {state.ready}")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_PARENT_CHECK)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(5)
    os._exit(1)


def require_safe(settings: Settings) -> None:
    """An open worker must not be reachable from other machines."""
    host = settings.inference_host
    loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    if not settings.inference_server_secret.get_secret_value() and not loopback:
        sys.exit(f"INFERENCE_SERVER_SECRET must be set to listen on {host}.")


if __name__ == "__main__":
    main()
