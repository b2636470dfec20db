"""Jobs as the library asks for and steers them, before any process takes them up."""

from __future__ import annotations

import asyncio

import psycopg
import pytest

from memicos_app.library import jobs
from memicos_app.library.errors import BadInputError, ConflictError, NotFoundError


def tickets(database: str) -> list[tuple[int, str]]:
    """Job and lock of each ticket in the queue, beside the ticket that each job names."""
    with psycopg.connect(database) as connection:
        found = connection.execute("SELECT (args ->> 'job_id')::int, lock, id FROM procrastinate_jobs ORDER BY id")
        queued = found.fetchall()
        named = connection.execute("SELECT id, ticket FROM jobs WHERE ticket IS NOT NULL ORDER BY ticket").fetchall()
    assert [(job, ticket) for job, _, ticket in queued] == named, "queue and jobs say the same"
    return [(job, lock) for job, lock, _ in queued]


async def ask(subject: str = "m/s", kind: str = "embed") -> jobs.JobView:
    return await jobs.ask(kind, {"model": "m"}, title="Embed \x00 m", subject=subject)


async def test_asked_twice_is_one_job(database: str) -> None:
    one, again = await ask(), await ask()
    assert one == again
    assert (one.state, one.title, one.arguments, one.attempts) == ("waiting", "Embed \x00 m", {"model": "m"}, 0)
    assert tickets(database) == [(one.id, "m/s")]
    together = await asyncio.gather(*(ask("m/t") for _ in range(5)))
    assert len({each.id for each in together}) == 1
    assert len(tickets(database)) == 2


async def test_other_kinds_and_jobs_without_a_subject_are_others(database: str) -> None:
    ids = [(await ask()).id, (await ask(kind="top_tokens")).id, (await ask("")).id, (await ask("")).id]
    assert len(set(ids)) == 4
    assert tickets(database) == [(ids[0], "m/s"), (ids[1], "m/s"), (ids[2], None), (ids[3], None)]


async def test_pause_resume_cancel_retry_keep_queue_and_jobs_in_step(database: str) -> None:
    number = (await ask()).id
    assert (await jobs.pause(number)).state == (await jobs.pause(number)).state == "paused"
    assert tickets(database) == []
    assert (await jobs.resume(number)).state == (await jobs.resume(number)).state == "waiting"
    assert tickets(database) == [(number, "m/s")]
    cancelled = await jobs.cancel(number)
    assert (cancelled.state, cancelled.verbs) == ("cancelled", ("retry",))
    assert cancelled.finished_at is not None
    assert tickets(database) == []
    assert (await jobs.retry(number)).finished_at is None
    assert tickets(database) == [(number, "m/s")]
    assert [one.text for one in await jobs.log(number)] == [
        "asked for",
        "paused",
        "goes on",
        "cancelled",
        "asked for again",
    ]


async def test_asking_for_what_is_paused_lets_it_go_on(database: str) -> None:
    number = (await ask()).id
    await jobs.pause(number)
    assert (await ask()).state == "waiting"
    assert tickets(database) == [(number, "m/s")]


async def test_what_does_not_fit_is_refused_with_a_sentence(database: str) -> None:
    number = (await ask()).id
    with pytest.raises(ConflictError, match=f"Job {number} is waiting: it cannot be tried again"):
        await jobs.retry(number)
    await jobs.cancel(number)
    with pytest.raises(ConflictError, match="it cannot be paused"):
        await jobs.pause(number)
    other = (await ask()).id
    with pytest.raises(ConflictError, match=f"Job {other} does the same already"):
        await jobs.retry(number)
    for verb in (jobs.job, jobs.pause, jobs.resume, jobs.cancel, jobs.retry):
        with pytest.raises(NotFoundError, match="There is no job 999"):
            await verb(999)
    with pytest.raises(NotFoundError):
        await jobs.job(1 << 70)
    with pytest.raises(BadInputError, match="There is no state 'gone'"):
        jobs.state_named("gone")


async def test_lists_by_state_kind_subject_and_page(database: str) -> None:
    ids = [(await ask(f"m/{number}")).id for number in range(5)]
    await jobs.pause(ids[0])
    assert [one.id for one in await jobs.jobs()] == ids[::-1]
    assert [one.id for one in await jobs.jobs(states=["paused"])] == [ids[0]]
    assert [one.id for one in await jobs.jobs(subject="m/3")] == [ids[3]]
    assert await jobs.jobs(kind="export") == []
    assert [one.id for one in await jobs.jobs(before=ids[3], limit=2)] == [ids[2], ids[1]]
    assert [one.id for one in await jobs.open_jobs()] == ids
    assert [one.id for one in await jobs.open_jobs(2)] == ids[:2]
    assert await jobs.count_open() == 5


async def test_the_log_is_read_on_from_a_line(database: str) -> None:
    number = (await ask()).id
    await jobs.pause(number)
    await jobs.resume(number)
    first, second, third = await jobs.log(number)
    assert await jobs.log(number, after=first.id) == [second, third]
    assert await jobs.log(number, after=third.id) == []
    assert await jobs.log(number, limit=1) == [third]


async def test_only_what_has_ended_is_forgotten(database: str) -> None:
    kept, gone = (await ask("m/1")).id, (await ask("m/2")).id
    await jobs.cancel(gone)
    assert await jobs.clean(1) == 0
    assert await jobs.clean(0) == 1
    assert [one.id for one in await jobs.jobs()] == [kept]
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT DISTINCT job_id FROM job_log").fetchall() == [(kept,)]
