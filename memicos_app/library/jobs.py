"""Long work asked for and steered: what pages, API and commands may do with jobs; `memicos_app/jobs` runs them.

Every change writes the job and its ticket in the queue in one transaction: neither is there without the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from memicos_app.db import queue
from memicos_app.db.jobs import ENDED_STATES, OPEN_STATES
from memicos_app.db.text import storable, storable_json
from memicos_app.library import activity
from memicos_app.library.accounts.person import me
from memicos_app.library.errors import ConflictError, NotFoundError
from memicos_app.library.feature_json import encode
from memicos_app.library.job_log import log, write_line
from memicos_app.library.job_views import COLUMNS, JobState, JobView, state_named, view
from memicos_app.library.query import Row, bigint, row, rows, rows_in, run_in, writing

__all__ = [
    "JobState",
    "JobView",
    "ask",
    "cancel",
    "clean",
    "count_open",
    "job",
    "jobs",
    "log",
    "open_jobs",
    "pause",
    "resume",
    "retry",
    "state_named",
]

MOST_LISTED = 200


async def ask(
    kind: str, arguments: Mapping[str, Any], *, title: str, subject: str = "", creator: str | None = None
) -> JobView:
    """Have work done by a job process, as soon as one has room.

    The same kind of work on the same subject is not begun twice: while such a job waits or runs, that one is
    answered, and one that is paused goes on.

    Args:
        kind: name of a module in `memicos_app/jobs/kinds`.
        arguments: what its `run` gets; plain JSON data.
        title: what people read.
        subject: what it works on, such as `model/source`; two jobs of one subject never run at once.
        creator: whose job it is; the person who asks, where nobody is named.

    Raises:
        UnavailableError: the database does not answer.
    """
    wanted, given = {"kind": kind, "subject": storable(subject)}, _json(arguments)
    while True:
        async with writing() as writer:
            found = await rows_in(writer, _NEW, **wanted, title=storable(title), creator=creator or me(), **given)
            if found:
                await _queue(writer, found[0]["id"], found[0]["subject"], "asked for")
            else:
                found = await rows_in(writer, _SAME, **wanted)
                if found and found[0]["state"] == "paused":
                    await _queue(writer, found[0]["id"], found[0]["subject"], "asked for again: goes on")
            if found:
                await activity.note(
                    "job.ask", f"/admin/jobs/{found[0]['id']}", {"kind": kind, "subject": subject}, writer=writer
                )
            await writer.commit()
        if found:
            return await job(found[0]["id"])


_NEW = """
    INSERT INTO jobs (kind, title, subject, arguments, creator_id)
    VALUES (:kind, :title, :subject, CAST(:arguments AS jsonb), (SELECT id FROM users WHERE id = :creator))
    ON CONFLICT (kind, subject) WHERE state IN ('waiting', 'running', 'paused') AND subject <> '' DO NOTHING
    RETURNING id, subject, state
"""
_SAME = """
    SELECT id, subject, state FROM jobs
    WHERE kind = :kind AND subject = :subject AND state IN ('waiting', 'running', 'paused') FOR UPDATE
"""


async def jobs(
    *,
    states: Sequence[JobState] = (),
    kind: str | None = None,
    subject: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[JobView]:
    """Jobs that fit, the newest first.

    Args:
        states: only these; none: all.
        before: only those with a smaller id, to page on.

    Raises:
        UnavailableError: the database does not answer.
    """
    found = await rows(
        f"""
        SELECT {COLUMNS} FROM jobs
        WHERE (CAST(:states AS text[]) = '{{}}' OR state = ANY (CAST(:states AS text[])))
            AND (CAST(:kind AS text) IS NULL OR kind = :kind)
            AND (CAST(:subject AS text) IS NULL OR subject = :subject)
            AND (CAST(:before AS bigint) IS NULL OR id < :before)
        ORDER BY id DESC LIMIT :limit
        """,
        states=list(states),
        kind=kind,
        subject=None if subject is None else storable(subject),
        before=before,
        limit=max(1, min(limit, MOST_LISTED + 1)),
    )
    return [view(one) for one in found]


async def open_jobs(limit: int = MOST_LISTED) -> list[JobView]:
    """What runs, then what waits or is paused, in the order it was asked for."""
    order = "state <> 'running', id"
    found = await rows(f"SELECT {COLUMNS} FROM jobs WHERE {_OPEN} ORDER BY {order} LIMIT :limit", limit=limit)
    return [view(one) for one in found]


async def count_open() -> int:
    """How many wait, run or are paused."""
    found = await row(f"SELECT count(*) AS n FROM jobs WHERE {_OPEN}")
    return int(found["n"]) if found else 0


_OPEN = "state IN ('waiting', 'running', 'paused')"


async def job(job_id: int) -> JobView:
    """One job.

    Raises:
        NotFoundError: there is none of this number.
        UnavailableError: the database does not answer.
    """
    found = await row(f"SELECT {COLUMNS} FROM jobs WHERE id = :id", id=bigint(job_id))
    if found is None:
        raise _none(job_id)
    return view(found)


async def pause(job_id: int) -> JobView:
    """Let a job stop at its next checkpoint and stay as it is until `resume`.

    Raises:
        NotFoundError: there is none of this number.
        ConflictError: it has ended.
    """
    async with writing() as writer:
        one = await _locked(writer, job_id, "paused", OPEN_STATES)
        if one["state"] == "running":
            await _wish(writer, one, "pause")
        elif one["state"] == "waiting":
            await _void(writer, one, "paused", "paused")
        await activity.note("job.pause", f"/admin/jobs/{job_id}", writer=writer)
        await writer.commit()
    return await job(job_id)


async def resume(job_id: int) -> JobView:
    """Let a paused job go on; one that is about to pause does not.

    Raises:
        NotFoundError: there is none of this number.
        ConflictError: it has ended, or is being cancelled.
    """
    async with writing() as writer:
        one = await _locked(writer, job_id, "resumed", OPEN_STATES)
        if one["wish"] == "cancel":
            raise ConflictError(f"Job {job_id} is being cancelled.", field="id")
        if one["state"] == "paused":
            await _queue(writer, one["id"], one["subject"], "goes on")
        elif one["wish"] == "pause":
            await _wish(writer, one, "")
        await activity.note("job.resume", f"/admin/jobs/{job_id}", writer=writer)
        await writer.commit()
    return await job(job_id)


async def cancel(job_id: int) -> JobView:
    """End a job; what it did so far stays. A running one ends at its next checkpoint.

    Raises:
        NotFoundError: there is none of this number.
        ConflictError: it is done, or has failed.
    """
    async with writing() as writer:
        one = await _locked(writer, job_id, "cancelled", (*OPEN_STATES, "cancelled"))
        if one["state"] == "running":
            await _wish(writer, one, "cancel")
        elif one["state"] != "cancelled":
            await _void(writer, one, "cancelled", "cancelled")
        await activity.note("job.cancel", f"/admin/jobs/{job_id}", writer=writer)
        await writer.commit()
    return await job(job_id)


async def retry(job_id: int) -> JobView:
    """Begin a job again that failed or was cancelled; it goes on where its work left off.

    Raises:
        NotFoundError: there is none of this number.
        ConflictError: it has not ended that way, or the same work is asked for already.
    """
    async with writing() as writer:
        one = await _locked(writer, job_id, "tried again", ("failed", "cancelled"))
        same = await rows_in(writer, _SAME, kind=one["kind"], subject=one["subject"]) if one["subject"] else ()
        if same:
            raise ConflictError(f"Job {same[0]['id']} does the same already.", field="id")
        try:
            await _queue(writer, one["id"], one["subject"], "asked for again")
        except IntegrityError:
            raise ConflictError("The same work has just been asked for.", field="id") from None
        await activity.note("job.retry", f"/admin/jobs/{job_id}", writer=writer)
        await writer.commit()
    return await job(job_id)


async def clean(days: float) -> int:
    """Forget jobs that ended more than `days` ago, with their logs; how many."""
    async with writing() as writer:
        count = await run_in(
            writer,
            "DELETE FROM jobs WHERE state = ANY (:ended) AND finished_at < now() - make_interval(secs => :seconds)",
            ended=list(ENDED_STATES),
            seconds=days * 86_400,
        )
        await writer.commit()
    return count


async def _locked(writer: AsyncSession, job_id: int, verb: str, states: Sequence[str]) -> Row:
    """The job's row, held until the transaction ends, if it is in one of the states."""
    found = await rows_in(
        writer,
        "SELECT id, kind, subject, state, wish, ticket FROM jobs WHERE id = :id FOR UPDATE",
        id=bigint(job_id),
    )
    if not found:
        raise _none(job_id)
    if found[0]["state"] not in states:
        raise ConflictError(f"Job {job_id} is {found[0]['state']}: it cannot be {verb}.", field="id")
    return found[0]


async def _queue(writer: AsyncSession, job_id: int, subject: str, words: str) -> None:
    ticket = await queue.put(writer, job_id, subject)
    await run_in(
        writer,
        """
        UPDATE jobs SET state = 'waiting', wish = '', ticket = :ticket, holder = '', error = '', result = NULL,
            failures = 0, deaths = 0, rate = 0, not_before = NULL, finished_at = NULL WHERE id = :id
        """,
        id=job_id,
        ticket=ticket,
    )
    await write_line(writer, job_id, words)


async def _void(writer: AsyncSession, one: Row, state: str, words: str) -> None:
    if one["ticket"] is not None:
        await queue.take_back(writer, one["ticket"])
    ended = "now()" if state in ENDED_STATES else "NULL"
    await run_in(
        writer,
        f"""
        UPDATE jobs SET state = :state, wish = '', ticket = NULL, rate = 0, not_before = NULL, finished_at = {ended}
        WHERE id = :id
        """,
        id=one["id"],
        state=state,
    )
    await write_line(writer, one["id"], words)


async def _wish(writer: AsyncSession, one: Row, wish: str) -> None:
    await run_in(writer, "UPDATE jobs SET wish = :wish WHERE id = :id", id=one["id"], wish=wish)


def _json(arguments: Mapping[str, Any]) -> dict[str, str]:
    return {"arguments": encode(storable_json(dict(arguments))).decode()}


def _none(job_id: int) -> NotFoundError:
    return NotFoundError(f"There is no job {job_id}.", field="id")
