"""A database with a table to count in, and job processes on it: in this process or real ones."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from memicos_app.db import queue
from memicos_app.jobs import kinds, process
from memicos_app.settings import ROOT, get_settings
from tests.jobs import working

PATIENCE = 120.0
assert working.kinds is kinds


@pytest.fixture
def house(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database to work on, with a data folder of the test's own; its address."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    get_settings.cache_clear()
    queue.app.cache_clear()
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("CREATE TABLE counted (name text, number integer, PRIMARY KEY (name, number))")
    return database


@pytest.fixture
def drain(house: str) -> Callable[[], Awaitable[None]]:
    """Do all that waits, in this process."""

    async def work() -> None:
        await process.JobProcess(2, drain=True).serve()

    return work


@pytest.fixture
async def serving(house: str) -> AsyncIterator[process.JobProcess]:
    """A job process in this process, for as long as the test lasts."""
    one = process.JobProcess(2)
    task = asyncio.create_task(one.serve())
    yield one
    one.leave()
    await asyncio.wait_for(task, PATIENCE)


Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def start(house: str, tmp_path: Path) -> Iterator[Start]:
    """Start real job processes; ends them after the test."""
    begun: list[subprocess.Popen[bytes]] = []

    def begin(*arguments: str, data_dir: Path = tmp_path) -> subprocess.Popen[bytes]:
        with (tmp_path / "process.log").open("ab") as log:
            one = subprocess.Popen(
                [sys.executable, "-m", "tests.jobs.working", *arguments],
                cwd=ROOT,
                env={**os.environ, "DATA_DIR": str(data_dir)},
                stdout=log,
                stderr=log,
            )
        begun.append(one)
        return one

    yield begin
    for one in begun:
        if one.poll() is None:
            one.kill()
        one.wait()


async def until(true: Callable[[], Awaitable[bool]], what: str, seconds: float = PATIENCE) -> None:
    """Wait for a state of the database."""
    async with asyncio.timeout(seconds):
        while not await true():
            await asyncio.sleep(0.05)
    assert what
