"""Job processes over databases that fail or offer less: a server killed with -9, an address through a pooler."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator

import psycopg
import pytest

from memicos_app.db import migrate, queue, session
from memicos_app.db.embedded import EmbeddedPostgres
from memicos_app.jobs import process
from memicos_app.settings import ROOT, get_settings
from tests.conftest import settle
from tests.db.servers import FAST, postmaster, query
from tests.jobs.test_process import ask, counted, has_counted, queue_is_empty, state

KILLS = 3
LENGTH = 700


@pytest.fixture
def own_server(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[EmbeddedPostgres]:
    """An embedded server that MemicOS uses as it does where no DATABASE_URL is set."""
    folder = tmp_path_factory.mktemp("data")
    server = EmbeddedPostgres(folder, settings=FAST)
    monkeypatch.setenv("DATABASE_URL", "")
    monkeypatch.setenv("DATA_DIR", str(folder))
    get_settings.cache_clear()
    queue.app.cache_clear()
    migrate.upgrade(server.ensure_running())
    query(server, "CREATE TABLE counted (name text, number integer, PRIMARY KEY (name, number))")
    yield server
    settle(session.dispose())
    session.release()
    server.stop()
    shutil.rmtree(folder)
    get_settings.cache_clear()


async def test_a_server_killed_again_and_again_loses_no_number(own_server: EmbeddedPostgres) -> None:
    """The job fails for now or is taken up again; the process heals the server, and every number is there once."""
    chance = random.Random(11)
    number = await ask(LENGTH, pause=0.01)
    with (own_server.place.data_dir / "process.log").open("ab") as log:
        command = [sys.executable, "-m", "tests.jobs.working"]
        worker = subprocess.Popen(command, cwd=ROOT, env=os.environ.copy(), stdout=log, stderr=log)
    try:
        await has_counted(5)
        for _ in range(KILLS):
            await asyncio.sleep(chance.uniform(0.2, 1.5))  # the moment is what is tried
            own_server.ensure_running()
            os.kill(postmaster(own_server), signal.SIGKILL)
        one = await state(number, "done", seconds=120)
        assert one.result == {"counted": LENGTH}
        assert await counted() == list(range(LENGTH))
        assert worker.poll() is None, "the process outlives the server"
    finally:
        worker.kill()
        worker.wait()


@pytest.mark.parametrize(("extra", "listening"), [("", 1), ("&pgbouncer=true&connection_limit=2", 0)])
async def test_through_a_pooler_it_looks_instead_of_listening(
    house: str, monkeypatch: pytest.MonkeyPatch, extra: str, listening: int
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"{house}{extra}")
    get_settings.cache_clear()
    await session.dispose()
    one = process.JobProcess(2)
    task = asyncio.create_task(one.serve())
    try:
        first, second = await ask(30, "first", pause=0.01), await ask(30, "second", pause=0.01)
        await asyncio.gather(state(first, "done"), state(second, "done"))
        with psycopg.connect(house) as connection:
            sql = """
                SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND starts_with(query, 'LISTEN')
            """
            assert connection.execute(sql).fetchone() == (listening,)
    finally:
        one.leave()
        await task
    assert queue_is_empty(house)
