"""Processes that use an embedded server as MemicOS's do, and what a test needs to see and to break."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from memicos_app.db.embedded import EmbeddedPostgres
from memicos_app.db.postmaster import watched
from memicos_app.db.url import normalise

# Without waiting for the disk a start takes a third of the time; a killed process loses nothing by it.
FAST = {"fsync": "off", "shared_buffers": "128MB"}
_CLIENT = """
import sys
from pathlib import Path
from memicos_app.db.embedded import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]), settings={"fsync": "off", "shared_buffers": "128MB"})
print(server.ensure_running(), flush=True)
sys.stdin.read()
"""


class Client:
    """Another process that uses the server until it is told to leave, or is killed."""

    def __init__(self, data_dir: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _CLIENT, str(data_dir)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def url(self) -> str:
        """Wait until it has the server, and hear the address."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline().strip()
        if not line:
            raise AssertionError(self.process.communicate()[1])
        return line

    def leave(self) -> None:
        """End it as a process ends."""
        self._end()
        assert self.process.returncode == 0

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self._end()

    def _end(self) -> None:
        self.process.communicate(timeout=60)


def server_at(data_dir: Path) -> EmbeddedPostgres:
    return EmbeddedPostgres(data_dir, settings=FAST)


def connect(server: EmbeddedPostgres) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(**normalise(server.ensure_running()).parameters, autocommit=True)


def query(server: EmbeddedPostgres, statement: str) -> list[tuple[object, ...]]:
    with connect(server) as connection:
        cursor = connection.execute(statement)  # type: ignore[arg-type]
        return cursor.fetchall() if cursor.description else []


def postmaster(server: EmbeddedPostgres) -> int:
    pid = server.place.postmaster
    assert pid is not None, "the server should be running"
    return pid


def kill_postmaster(server: EmbeddedPostgres) -> int:
    """kill -9 of the database server; its process id.

    It has left its folder a moment before it has let go of the pipe by which its backends hear of its end.
    """
    pid = postmaster(server)
    watch = watched(server.place)
    os.kill(pid, 9)
    eventually(lambda: server.place.postmaster is None and (watch is None or watch.has_ended()))
    return pid


def wait_for_locks(url: str) -> None:
    """Wait until nobody holds an advisory lock in a database: a backend hears a moment later that its client died."""
    held = """
        SELECT FROM pg_locks AS l JOIN pg_database AS d ON d.oid = l.database
        WHERE l.locktype = 'advisory' AND d.datname = current_database()
    """
    with psycopg.connect(url, autocommit=True) as connection:
        eventually(lambda: connection.execute(held).fetchone() is None)


def eventually(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def run_as_nobody(script: str) -> subprocess.CompletedProcess[str]:
    """Run Python as another user, with an interpreter that this user can reach; skips where there is none."""
    wanted = f"python{sys.version_info.major}.{sys.version_info.minor}"
    environment = {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), *filter(None, sys.path)])}
    for program in (sys.executable, f"/usr/local/bin/{wanted}", f"/usr/bin/{wanted}"):
        try:
            return subprocess.run(
                [program, "-P", "-c", script],
                user=65534,
                group=65534,
                extra_groups=[],
                cwd="/",
                env=environment,
                capture_output=True,
                text=True,
            )
        except OSError:
            continue
    pytest.skip("no Python here that another user can run")
