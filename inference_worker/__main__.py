"""`python -m inference_worker`: the worker as a process of its own, from the settings alone."""

from __future__ import annotations

import argparse
import ipaddress
import logging
import os
import signal
import sys
import threading
import time

import uvicorn

from inference_worker.server import create_app
from inference_worker.worker import Worker
from memicos_app.settings import Settings, get_settings

_PARENT_CHECK = 0.5
_SWITCH_INTERVAL = 0.001
"""Seconds after which Python lets the event loop have its turn beside the model's thread."""


def main() -> None:
    """Serve until SIGTERM, SIGINT, or the death of the parent that `--parent` names."""
    parser = argparse.ArgumentParser(prog="python -m inference_worker", description=__doc__)
    parser.add_argument("--parent", type=int, help="end when this process is no longer the parent")
    parent = parser.parse_args().parent
    settings = get_settings()
    _require_safe(settings)
    logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    sys.setswitchinterval(_SWITCH_INTERVAL)
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), name="parent", daemon=True).start()
    _serve(settings)


def _serve(settings: Settings) -> None:
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        host=settings.inference_host,
        port=settings.inference_port,
        log_config=None,
        access_log=settings.log_level == "debug",
        timeout_graceful_shutdown=3,
    )
    threading.Thread(target=_announce, args=(app.state.worker, settings), name="announce", daemon=True).start()
    uvicorn.Server(config).run()


def _announce(worker: Worker, settings: Settings) -> None:
    worker.loaded.wait()
    state = worker.readiness()
    where = f"http://{settings.inference_host}:{settings.inference_port}"
    _say(f"inference worker {state.state} at {where}: {state.model} {state.detail}".rstrip())


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_PARENT_CHECK)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(5)
    os._exit(1)


def _require_safe(settings: Settings) -> None:
    """An open worker must not be reachable from other machines."""
    host = settings.inference_host
    loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    if not settings.inference_server_secret.get_secret_value() and not loopback:
        sys.exit(f"INFERENCE_SERVER_SECRET must be set to listen on {host}.")


if __name__ == "__main__":
    main()
