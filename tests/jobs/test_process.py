"""A job process at work: how jobs end, what stops them, and that the queue and the jobs say the same afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import pytest

from memicos_app.jobs import running
from memicos_app.jobs.process import JobProcess
from memicos_app.library import jobs
from memicos_app.library.jobs import JobState, JobView
from memicos_app.library.query import rows
from tests.jobs.conftest import PATIENCE, until

Drain = Callable[[], Awaitable[None]]


async def ask(to: int, subject: str = "numbers", **more: Any) -> int:
    arguments = {"to": to, "name": subject, **more}
    return (await jobs.ask("counting", arguments, title="Count", subject=subject)).id


async def counted(name: str = "numbers") -> list[int]:
    found = await rows("SELECT number FROM counted WHERE name = :name ORDER BY number", name=name)
    return [one["number"] for one in found]


async def state(job_id: int, wanted: JobState, seconds: float = PATIENCE) -> JobView:
    """The job when it is in a state."""

    async def there() -> bool:
        return (await jobs.job(job_id)).state == wanted

    await until(there, wanted, seconds)
    return await jobs.job(job_id)


async def has_counted(number: int, name: str = "numbers") -> None:
    async def there() -> bool:
        return len(await counted(name)) >= number

    await until(there, f"{number} numbers")


def queue_is_empty(database: str) -> bool:
    with psycopg.connect(database) as connection:
        found = connection.execute(
            "SELECT (SELECT count(*) FROM procrastinate_jobs), (SELECT count(*) FROM procrastinate_events)"
        ).fetchone()
    return found == (0, 0)


async def empties(database: str) -> None:
    """Wait for an empty queue: a ticket goes right after its job has ended."""

    async def empty() -> bool:
        return queue_is_empty(database)

    await until(empty, "an empty queue")


async def test_a_job_is_done_and_says_what_it_did(house: str, drain: Drain) -> None:
    number = await ask(5)
    await drain()
    one = await jobs.job(number)
    assert (one.state, one.result, one.attempts, one.holder, one.error) == ("done", {"counted": 5}, 1, "", "")
    assert one.started_at is not None
    assert one.finished_at is not None
    assert [line.text for line in await jobs.log(number)] == ["asked for", "from 0", "done"]
    assert await counted() == list(range(5))
    assert queue_is_empty(house)


async def test_a_refusal_is_said_and_not_tried_again(house: str, drain: Drain) -> None:
    number = await ask(5, failing="refusal")
    await drain()
    one = await jobs.job(number)
    assert (one.state, one.error, one.attempts) == ("failed", "Nothing here can be counted.", 1)
    assert queue_is_empty(house)


async def test_a_fault_is_said_with_its_kind(house: str, drain: Drain) -> None:
    number = await ask(5, failing="fault")
    await drain()
    one = await jobs.job(number)
    assert (one.state, one.error, one.attempts) == ("failed", "ValueError: counted wrongly.", 1)


async def test_an_unknown_kind_is_refused(house: str, drain: Drain) -> None:
    number = (await jobs.ask("dancing", {}, title="Dance")).id
    await drain()
    one = await jobs.job(number)
    assert one.state == "failed"
    assert one.error.startswith("There is no kind of job 'dancing'; there are ")


async def test_failures_of_the_net_pass(house: str, serving: JobProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "FIRST_DELAY_S", 0.1)
    number = await ask(3, failing="net")
    one = await state(number, "done")
    assert (one.attempts, one.error) == (3, "")
    said = [line.text for line in await jobs.log(number)]
    assert sum("hung up" in line and "Tried again in" in line for line in said) == 2


async def test_failures_that_do_not_pass_end_it(
    house: str, serving: JobProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "FIRST_DELAY_S", 0.01)
    monkeypatch.setattr(running, "MOST_FAILURES", 3)
    number = await ask(3, failing="always")
    one = await state(number, "failed")
    assert (one.attempts, one.error) == (3, "TimeoutError.")
    await jobs.retry(number)
    assert (await state(number, "failed")).attempts == 6, "counted anew, since a person asked"


async def test_a_running_job_pauses_within_seconds_and_goes_on(house: str, serving: JobProcess) -> None:
    number = await ask(150, pause=0.02)
    await has_counted(30)
    assert (await jobs.pause(number)).wish == "pause"
    paused = await state(number, "paused", seconds=10)
    assert (paused.holder, paused.rate > 0, paused.eta_seconds) == ("", True, None)
    await empties(house)
    before = len(await counted())
    assert 30 <= before < 150
    await jobs.resume(number)
    await state(number, "done")
    assert await counted() == list(range(150))


async def test_work_side_by_side_stops_and_fails_as_one(house: str, serving: JobProcess) -> None:
    """What a task group raises is a group of what its tasks raised."""
    number = await ask(100_000, pause=0.02, grouped=True)
    await has_counted(3)
    await jobs.pause(number)
    await state(number, "paused")
    refused = await ask(1, "refused", failing="refusal", grouped=True)
    assert (await state(refused, "failed")).error == "Nothing here can be counted."


async def test_a_pause_taken_back_in_time_does_not_stop_it(house: str, serving: JobProcess) -> None:
    number = await ask(60, pause=0.02)
    await has_counted(1)
    await jobs.pause(number)
    await jobs.resume(number)
    assert (await state(number, "done")).wish == ""


async def test_a_running_job_is_cancelled(house: str, serving: JobProcess) -> None:
    number = await ask(2000, pause=0.02)
    await has_counted(3)
    await jobs.cancel(number)
    one = await state(number, "cancelled")
    assert one.finished_at is not None
    await empties(house)


async def test_progress_is_written_while_it_runs(house: str, serving: JobProcess) -> None:
    number = await ask(400, pause=0.02)

    async def tells() -> bool:
        one = await jobs.job(number)
        return one.done > 5 and one.rate > 0 and (one.eta_seconds or 0) > 0

    await until(tells, "progress")
    one = await jobs.job(number)
    assert (one.step, one.total, one.unit) == ("counting", 400, "numbers")
    assert 0 < (one.share or 0) < 1
    assert one.rate < 60
    await jobs.cancel(number)


async def test_the_same_subject_never_runs_twice_at_once(house: str, serving: JobProcess) -> None:
    """Both would write the same numbers: the second begins when the first is done, and finds nothing to do."""
    first = await ask(150, pause=0.01)
    second = (await jobs.ask("embed", {"model": "m", "source": "s"}, title="Embed", subject="numbers")).id
    other = await ask(50, "other numbers", pause=0.01)
    await asyncio.gather(state(first, "done"), state(other, "done"), state(second, "done"))
    one, two, three = [await jobs.job(number) for number in (first, second, other)]
    assert one.finished_at is not None
    assert two.started_at is not None
    assert three.started_at is not None
    assert one.finished_at <= two.started_at
    assert three.started_at < one.finished_at, "another subject runs beside it"
