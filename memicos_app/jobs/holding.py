"""The job's row as the process that holds it writes it: begun, told of, ended, each in one transaction.

Every statement asks that the job is still held under our name with the ticket it was begun with. Where it is not,
another process has taken it up, and what we would write is void.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from memicos_app.db import queue
from memicos_app.db.text import original_json, storable, storable_json
from memicos_app.library.feature_json import encode
from memicos_app.library.job_log import write_line
from memicos_app.library.query import rows_in, run_in, writing
from memicos_app.library.watch import Level

Ending = Literal["done", "failed", "again", "stopped"]
"""again: failed in a way that may pass; stopped: at a checkpoint, because of a wish or the end of the process."""


@dataclass(frozen=True, slots=True)
class Held:
    """A job that this process runs."""

    id: int
    ticket: int
    kind: str
    subject: str
    arguments: dict[str, Any]
    wish: str
    failures: int
    holder: str
    creator_id: str | None = None
    """For whom it is done."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is."""

    step: str = ""
    done: float = 0.0
    total: float = 0.0
    unit: str = ""
    rate: float = 0.0


@dataclass(frozen=True, slots=True)
class Line:
    """A line for the log and when it was said."""

    at: datetime
    text: str
    level: Level


async def begin(job_id: int, ticket: int, holder: str) -> Held | None:
    """Take a job up; None where its ticket is void."""
    async with writing() as writer:
        found = await rows_in(
            writer,
            """
            UPDATE jobs SET state = 'running', holder = :holder, attempts = attempts + 1, rate = 0, error = '',
                not_before = NULL, started_at = coalesce(started_at, now()), news_at = now(), finished_at = NULL
            WHERE id = :id AND ticket = :ticket AND state IN ('waiting', 'running')
            RETURNING id, ticket, kind, subject, arguments, wish, failures, holder, creator_id, attempts
            """,
            id=job_id,
            ticket=ticket,
            holder=holder,
        )
        if found and found[0]["attempts"] > 1:
            await write_line(writer, job_id, f"taken up by {holder.rpartition('/')[0]}")
        await writer.commit()
    if not found:
        return None
    one = {name: found[0][name] for name in Held.__slots__}
    return Held(**{**one, "arguments": original_json(one["arguments"])})


async def news(held: Held, progress: Progress | None, lines: Sequence[Line]) -> str | None:
    """Write how far it is and what was said; the wish there is, or None where we no longer hold the job."""
    async with writing() as writer:
        now = _of(progress) if progress else {}
        changes = "".join(f", {name} = :{name}" for name in now)
        found = await rows_in(
            writer, f"UPDATE jobs SET news_at = now(){changes} {_OURS} RETURNING wish", **_key(held), **now
        )
        if found:
            await _write(writer, held.id, lines)
        await writer.commit()
    return str(found[0]["wish"]) if found else None


async def end(
    held: Held,
    ending: Ending,
    progress: Progress,
    lines: Sequence[Line],
    *,
    result: Mapping[str, Any] | None = None,
    error: str = "",
    delay: float = 0.0,
    failures: int = 0,
) -> str | None:
    """Write how it ended, with a new ticket where it goes on; its new state, or None where it is no longer ours.

    A wish that has come meanwhile counts wherever the job is not done.
    """
    async with writing() as writer:
        found = await rows_in(writer, f"SELECT wish FROM jobs {_OURS} FOR UPDATE", **_key(held))
        if not found:
            return None
        state = _state(ending, str(found[0]["wish"]))
        at = datetime.now(UTC) + timedelta(seconds=delay) if delay and state == "waiting" else None
        ticket = await queue.put(writer, held.id, held.subject, at=at) if state == "waiting" else None
        await run_in(
            writer,
            f"""
            UPDATE jobs SET state = :state, wish = '', holder = '', ticket = :new_ticket, error = :error,
                result = CAST(:result AS jsonb), failures = :failures, not_before = :at,
                step = :step, done = :done, total = :total, unit = :unit, rate = :rate,
                news_at = now(), finished_at = {"now()" if state in ("done", "failed", "cancelled") else "NULL"}
            {_OURS}
            """,
            **_key(held),
            **_of(progress),
            state=state,
            new_ticket=ticket,
            error=storable(error),
            result=None if result is None else encode(storable_json(dict(result))).decode(),
            failures=failures,
            at=at,
        )
        await _write(writer, held.id, lines)
        await write_line(writer, held.id, _words(state, ending, error, delay), "info" if not error else "warning")
        await writer.commit()
    return state


_OURS = "WHERE id = :id AND ticket = :ticket AND holder = :holder AND state = 'running'"


def _key(held: Held) -> dict[str, Any]:
    return {"id": held.id, "ticket": held.ticket, "holder": held.holder}


def _of(progress: Progress) -> dict[str, Any]:
    names = {"step": storable(progress.step), "unit": storable(progress.unit)}
    return {**names, "done": progress.done, "total": progress.total, "rate": progress.rate}


async def _write(writer: Any, job_id: int, lines: Sequence[Line]) -> None:
    if lines:
        await run_in(
            writer,
            """
            INSERT INTO job_log (job_id, at, level, text)
            SELECT :id, t.at, t.level, t.text FROM unnest(
                CAST(:at AS timestamptz[]), CAST(:levels AS text[]), CAST(:texts AS text[])
            ) AS t (at, level, text)
            """,
            id=job_id,
            at=[one.at for one in lines],
            levels=[one.level for one in lines],
            texts=[storable(one.text) for one in lines],
        )


def _state(ending: Ending, wish: str) -> str:
    if ending in ("done", "failed"):
        return ending
    return {"pause": "paused", "cancel": "cancelled"}.get(wish, "waiting")


def _words(state: str, ending: Ending, error: str, delay: float) -> str:
    if ending == "again" and state == "waiting":
        return f"{error} Tried again in {delay:.0f} s."
    if error:
        return error
    return {"waiting": "stopped with its process: goes on", "paused": "paused", "cancelled": "cancelled"}.get(
        state, "done"
    )
