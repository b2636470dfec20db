"""kill -9 of job processes at random moments, of one that another machine takes over from, of the site above one."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import psutil
import psycopg

from memicos_app.jobs.recovery import MOST_DEATHS
from memicos_app.library import jobs
from memicos_app.library.job_views import SILENT_S
from tests.jobs.conftest import Start, until
from tests.jobs.test_process import ask, counted, empties, has_counted, state

ROUNDS = 12
LENGTH = 540


async def test_killed_at_any_moment_every_number_is_written_once(house: str, start: Start) -> None:
    """The table refuses a number twice; the job refuses to be done before all are there."""
    chance = random.Random(7)
    names = ("one", "two", "three")
    numbers = [await ask(LENGTH, name, pause=0.01) for name in names]
    for number_of_round in range(ROUNDS):
        process = start("--at-once", "2")
        if number_of_round % 3 == 0:
            await it_works(names)
        await asyncio.sleep(chance.uniform(0.1, 1.2))  # the moment is what is tried
        process.kill()
        process.wait()
    start("--at-once", "3")
    for number in numbers:
        one = await state(number, "done")
        assert one.result == {"counted": LENGTH}
    assert [await counted(name) for name in names] == [list(range(LENGTH))] * 3
    assert sum([(await jobs.job(number)).attempts for number in numbers]) > ROUNDS // 3, "killed while it worked"
    await empties(house)


async def it_works(names: Iterable[str]) -> None:
    """Wait until a number more is written, or all are."""
    before = sum([len(await counted(name)) for name in names])

    async def more() -> bool:
        now = sum([len(await counted(name)) for name in names])
        return now > before or now == LENGTH * 3

    await until(more, "a number more")


async def test_another_machine_goes_on_within_seconds(house: str, start: Start, tmp_path: Path) -> None:
    """Two data folders stand for two machines: only heartbeats tell one of the other's end."""
    number = await ask(4000, pause=0.01)
    first = start(data_dir=tmp_path / "first")
    await has_counted(5)
    start(data_dir=tmp_path / "second")
    await until(lambda: _serve(house, 2), "the second has begun")
    first.kill()
    first.wait()
    before = len(await counted())
    async with asyncio.timeout(SILENT_S + 20):
        await has_counted(before + 10)
    said = [line.text for line in await jobs.log(number)]
    assert "its process was killed: goes on" in said
    assert (await jobs.job(number)).attempts == 2


async def test_a_process_that_wakes_up_late_gives_its_job_up(house: str, start: Start, tmp_path: Path) -> None:
    """Stopped, not killed: it believes it holds the job, when another has long taken it up."""
    number = await ask(100_000, pause=0.02)
    first = start(data_dir=tmp_path / "first")
    await has_counted(5)
    await _freeze(first, house)
    start(data_dir=tmp_path / "second")

    async def taken() -> bool:
        return (await jobs.job(number)).attempts == 2

    await until(taken, "the second takes it up")
    first.send_signal(signal.SIGCONT)
    log = tmp_path / "process.log"

    async def gives_up() -> bool:
        said = log.read_text()
        return f"job {number} is no longer ours" in said or f"job {number} (counting numbers): taken up" in said

    await until(gives_up, "the first gives it up")
    before = len(await counted())
    await has_counted(before + 20)
    one = await jobs.job(number)
    assert (one.state, one.attempts) == ("running", 2)
    await jobs.cancel(number)
    await state(number, "cancelled")


async def test_sigterm_stops_at_a_checkpoint_and_the_next_goes_on(house: str, start: Start) -> None:
    number = await ask(300, pause=0.01)
    first = start()
    await has_counted(5)
    first.terminate()
    assert await asyncio.to_thread(first.wait, 60) == 0
    one = await jobs.job(number)
    assert (one.state, one.holder) == ("waiting", "")
    assert [line.text for line in await jobs.log(number)][-1] == "stopped with its process: goes on"
    start()
    await state(number, "done")
    assert await counted() == list(range(300))


async def test_a_wish_survives_the_process_it_was_meant_for(house: str, start: Start) -> None:
    number = await ask(100_000, pause=0.01)
    first = start()
    await has_counted(5)
    await _freeze(first, house)
    await jobs.pause(number)
    first.kill()
    first.wait()
    start()
    await state(number, "paused")


async def test_what_always_kills_its_process_is_given_up(house: str, start: Start) -> None:
    number = await ask(100_000, pause=0.01)
    first = start()
    await has_counted(1)
    with psycopg.connect(house, autocommit=True) as connection:
        connection.execute("UPDATE jobs SET deaths = %s", [MOST_DEATHS - 1])
    first.kill()
    first.wait()
    start()
    one = await state(number, "failed")
    assert one.error.startswith(f"Its process ended {MOST_DEATHS} times while it ran")
    assert one.verbs == ("retry",)


async def test_a_job_process_ends_with_its_parent(house: str, tmp_path: Path) -> None:
    """The site starts it, and is killed while a job runs: nothing of it stays, and the next site goes on."""
    number = await ask(100_000, pause=0.01)
    site = _site(tmp_path)
    await has_counted(5)
    family = psutil.Process(site.pid).children(recursive=True)
    assert family
    site.kill()
    site.wait()
    assert psutil.wait_procs(family, timeout=60)[1] == []
    assert (await jobs.job(number)).state == "waiting", "it was given the time to reach a checkpoint"
    before = len(await counted())
    again = _site(tmp_path)
    await has_counted(before + 5)
    again.kill()
    again.wait()


async def _serve(house: str, number: int) -> bool:
    """Whether so many job processes are there."""
    async with await psycopg.AsyncConnection.connect(house, autocommit=True) as connection:
        found = await (await connection.execute("SELECT count(*) FROM procrastinate_workers")).fetchone()
    return found == (number,)


async def _freeze(process: subprocess.Popen[bytes], house: str) -> None:
    """Stop a process where it is in no transaction, for which others would wait."""
    at_work = """
        SELECT FROM pg_stat_activity
        WHERE datname = current_database() AND backend_type = 'client backend'
          AND state <> 'idle' AND pid <> pg_backend_pid()
    """
    async with await psycopg.AsyncConnection.connect(house, autocommit=True) as connection:
        while True:
            process.send_signal(signal.SIGSTOP)
            await asyncio.sleep(0.1)
            if await (await connection.execute(at_work)).fetchone() is None:
                return
            process.send_signal(signal.SIGCONT)
            await asyncio.sleep(0.05)


def _site(data_dir: Path) -> subprocess.Popen[bytes]:
    """A parent that keeps a job process as the site does."""
    with (data_dir / "site.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.jobs.keeping"], env=os.environ.copy(), stdout=log, stderr=log
        )
