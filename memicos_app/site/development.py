"""`make dev`: Reflex's development server, which reloads pages, and a worker that restarts when its code changes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import watchfiles
from pydantic import SecretStr

from memicos_app.settings import ROOT, Settings, get_settings, new_secret
from memicos_app.site.checks import claim
from memicos_app.site.environment import develop_environment
from memicos_app.worker import LocalWorker, free_port

PATIENCE = 4.0


def web_dir() -> Path:
    """Folder of the development frontend, apart from the built one."""
    folder = get_settings().web_dir.resolve()
    return folder.with_name(f"{folder.name}-dev")


def develop(say: Callable[[str], None]) -> None:
    """Serve with hot reload until a signal says stop."""
    settings = get_settings()
    claim(settings.host, settings.port, "PORT").close()
    settings = worker_settings(settings)
    with reflex(settings) as server, worker(settings) as current:
        restart_on_change(settings, current, server, say)


def worker_settings(settings: Settings) -> Settings:
    """The same with a port that is free and a secret, both kept when the worker is restarted."""
    port = free_port(settings.inference_host, settings.inference_port)
    secret = settings.inference_server_secret.get_secret_value() or new_secret()
    return settings.model_copy(update={"inference_port": port, "inference_server_secret": SecretStr(secret)})


@contextmanager
def reflex(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """Reflex's development server in a process group of its own, ended with everything it started."""
    backend = free_port("127.0.0.1", settings.port + 1)
    command = [sys.executable, "-m", "reflex", "run", "--env", "dev", "--backend-host", "127.0.0.1"]
    command += ["--frontend-port", str(settings.port), "--backend-port", str(backend)]
    started = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**develop_environment(web_dir(), backend), **worker_address(settings)},
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield started
    finally:
        end_group(started)


def worker_address(settings: Settings) -> dict[str, str]:
    """What makes the development server use our worker instead of starting one at every reload."""
    if settings.inference_urls:
        return {}
    return {
        "INFERENCE_URLS": f"http://{settings.inference_host}:{settings.inference_port}",
        "INFERENCE_SERVER_SECRET": settings.inference_server_secret.get_secret_value(),
    }


@contextmanager
def worker(settings: Settings) -> Iterator[list[LocalWorker]]:
    """The worker as it is now, in a list of one (empty where it runs elsewhere); stopped at the end."""
    current = [] if settings.inference_urls else [LocalWorker(settings)]
    for each in current:
        each.start()
    try:
        yield current
    finally:
        for each in current:
            each.stop()


def restart_on_change(
    settings: Settings, current: list[LocalWorker], server: subprocess.Popen[bytes], say: Callable[[str], None]
) -> None:
    """Watch the worker's code until the development server ends."""
    folder = ROOT / "inference_worker"
    for changes in watchfiles.watch(
        folder, watch_filter=watchfiles.PythonFilter(), yield_on_timeout=True, rust_timeout=1000
    ):
        if server.poll() is not None:
            return
        if changes and current:
            say(f"{Path(next(iter(changes))[1]).name} changed; restarting the worker")
            current[0].stop()
            current[0] = LocalWorker(settings)
            current[0].start()


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End a process and its group: asked first, killed when it does not listen."""
    for number in (signal.SIGINT, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(PATIENCE)
        except ProcessLookupError:
            break
        except subprocess.TimeoutExpired:
            continue
    process.wait()
