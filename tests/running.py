"""A site of its own for a test: real processes on free ports over a data folder of the test's choice."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from memicos_app.settings import ROOT

PATIENCE = 120.0


@dataclass(frozen=True)
class RunningSite:
    """A started site; `log` is the file that its output goes to."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path
    environment: Mapping[str, str]

    def family(self) -> list[psutil.Process]:
        """The process and everything below it, as it is now."""
        parent = psutil.Process(self.process.pid)
        return [parent, *parent.children(recursive=True)]

    def part(self, name: str) -> psutil.Process:
        """The process below it whose command names `name`; waits, since some are started beside the first page."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            for one in self.family()[1:]:
                with suppress(psutil.Error):  # it ended meanwhile
                    if name in " ".join(one.cmdline()):
                        return one
            time.sleep(0.05)
        raise AssertionError(f"there is no {name}; its log:\n{self.log.read_text()}")

    def stop(self, number: int = signal.SIGINT) -> int:
        """Send a signal and wait for the end; the exit status."""
        self.process.send_signal(number)
        return self.process.wait(timeout=30)


def free_port() -> int:
    """A port that nobody has, out of those that the system gives to no outgoing connection before it is used."""
    while True:
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", random.SystemRandom().randrange(20_000, 32_000)))
            return int(probe.getsockname()[1])


def environment(data_dir: Path, **settings: str) -> dict[str, str]:
    """Variables of a site of its own: free ports, its own data, nothing of the caller's DATABASE_URL."""
    return {
        **os.environ,
        "PORT": str(free_port()),
        "INFERENCE_PORT": str(free_port()),
        "DATA_DIR": str(data_dir),
        "DATABASE_URL": "",
        "EMBED_AT_START": "false",
        **settings,
    }


@contextmanager
def running_site(data_dir: Path, command: str = "serve", **settings: str) -> Iterator[RunningSite]:
    """`memicos {command}` until the block ends; waits for the first page."""
    variables = environment(data_dir, **settings)
    data_dir.mkdir(parents=True, exist_ok=True)
    log = data_dir / f"{command}.log"
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "memicos_app.cli", command], cwd=ROOT, env=variables, stdout=out, stderr=out
        )
    site = RunningSite(f"http://127.0.0.1:{variables['PORT']}", process, log, variables)
    try:
        wait_for(site)
        yield site
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_for(site: RunningSite, seconds: float = PATIENCE) -> None:
    """Return when the site answers; fail with its log when it ends or takes too long."""
    deadline = time.monotonic() + seconds
    with httpx.Client(timeout=5) as http:
        while time.monotonic() < deadline and site.process.poll() is None:
            try:
                if http.get(f"{site.url}/api/health").status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
    raise AssertionError(f"{site.url} does not answer; its log:\n{site.log.read_text()}")


def gone(processes: list[psutil.Process], seconds: float = 30.0) -> list[psutil.Process]:
    """Those of `processes` that are still there after `seconds`."""
    return list(psutil.wait_procs(processes, timeout=seconds)[1])
