"""Runs of many calls: begun, gone on with after any end, kept to one process at a time, and read with what they cost.

What is asked in a run is its caller's; each finished feature is in the ledger, so a run needs no other memory.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from memicos_app.db.text import original, original_json, storable_json
from memicos_app.library.accounts.person import me
from memicos_app.library.errors import ConflictError
from memicos_app.library.feature_json import encode
from memicos_app.library.providers.ledger import Spent, spent_by
from memicos_app.library.query import Row, rows, rows_in, run_in, writing

RUN_LOCK = 0x4D656D52  # "MemR": with a run's number, the advisory lock of the process that works on it.
State = Literal["open", "done", "budget", "stopped"]
_NOT_AGAIN = "(c.state = 'used' OR (c.state = 'failed' AND c.error_kind IN ('bad_answer', 'refused')))"
"""Whether a call has settled what it was about, for this run."""


@dataclass(frozen=True, slots=True)
class RunView:
    """A run as people see it."""

    id: int
    kind: str
    subject: str
    arguments: Mapping[str, Any]
    state: State
    """`open`: it runs, or will go on when asked for again; `budget`: it ended because its budget was spent."""
    budget_usd: float | None
    total: int
    done: int
    failed: int
    asked_again: int
    """Calls whose answer nobody got because their process ended: at most so many were paid twice."""
    spent: Spent
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer that came before its process ended, paid and not used yet."""

    call_id: int
    subject: str
    text: str
    tokens_in: int | None
    tokens_out: int | None
    cost_usd: float | None


async def begin(
    kind: str, subject: str, arguments: Mapping[str, Any], *, budget_usd: float | None, person: str | None = None
) -> int:
    """The open run of just this kind, subject and arguments, else a new one; its number.

    Args:
        budget_usd: counts from now on, also for what an open run has spent before.
    """
    text = json.dumps([subject, storable_json(dict(arguments))], sort_keys=True)
    async with writing() as writer:
        found = await rows_in(
            writer,
            """
            INSERT INTO provider_runs (kind, subject, wanted, arguments, budget_usd, user_id)
            VALUES (:kind, :subject, :wanted, CAST(:arguments AS jsonb), :budget,
                    (SELECT id FROM users WHERE id = :person))
            ON CONFLICT (kind, wanted) WHERE state = 'open' DO UPDATE SET budget_usd = excluded.budget_usd
            RETURNING id
            """,
            kind=kind,
            subject=subject,
            wanted=hashlib.sha256(text.encode()).hexdigest(),
            arguments=encode(storable_json(dict(arguments))).decode(),
            budget=budget_usd,
            person=person or me(),
        )
        await writer.commit()
    return int(found[0]["id"])


@asynccontextmanager
async def alone(run_id: int) -> AsyncIterator[None]:
    """Work on a run in one process at a time; the lock goes with the connection, however the process ends.

    Raises:
        ConflictError: another process works on it.
    """
    async with writing() as guard:
        found = await rows_in(
            guard, "SELECT pg_try_advisory_xact_lock(:key, hashint8(:run)) AS got", key=RUN_LOCK, run=run_id
        )
        if not found[0]["got"]:
            raise ConflictError(f"Run {run_id} is being worked on by another process already.")
        yield


async def take_over(run_id: int) -> list[Kept]:
    """Write calls of an ended process off as lost; the answers it got and did not use."""
    async with writing() as writer:
        await run_in(
            writer,
            "UPDATE provider_calls SET state = 'lost', ended_at = now() WHERE run_id = :run AND state = 'asked'",
            run=run_id,
        )
        found = await rows_in(
            writer,
            """
            SELECT id, subject, answer, tokens_in, tokens_out, cost_usd FROM provider_calls
            WHERE run_id = :run AND state = 'answered' ORDER BY id
            """,
            run=run_id,
        )
        await writer.commit()
    return [
        Kept(
            one["id"],
            original(one["subject"]),
            original(one["answer"]),
            one["tokens_in"],
            one["tokens_out"],
            one["cost_usd"],
        )
        for one in found
    ]


async def settled(run_id: int) -> dict[str, bool]:
    """What the run has dealt with, by what it was about: True where an answer was used, False where it failed."""
    found = await rows(
        f"""
        SELECT c.subject, bool_or(c.state = 'used') AS used FROM provider_calls AS c
        WHERE c.run_id = :run AND {_NOT_AGAIN} GROUP BY c.subject
        """,
        run=run_id,
    )
    return {original(one["subject"]): one["used"] for one in found}


async def note(run_id: int, *, total: int, done: int, failed: int, state: State = "open") -> None:
    """Write how far a run is; a state other than `open` ends it."""
    async with writing() as writer:
        await run_in(
            writer,
            """
            UPDATE provider_runs SET total = :total, done = :done, failed = :failed, state = :state,
                ended_at = CASE WHEN :state = 'open' THEN NULL ELSE now() END WHERE id = :run
            """,
            total=total,
            done=done,
            failed=failed,
            state=state,
            run=run_id,
        )
        await writer.commit()


async def runs(kind: str | None = None, subject: str | None = None, *, limit: int = 20) -> list[RunView]:
    """Runs that fit, the newest first."""
    found = await rows(
        """
        SELECT r.*, (SELECT count(*) FROM provider_calls AS c WHERE c.run_id = r.id AND c.state = 'lost') AS lost
        FROM provider_runs AS r
        WHERE (CAST(:kind AS text) IS NULL OR r.kind = :kind)
            AND (CAST(:subject AS text) IS NULL OR r.subject = :subject)
        ORDER BY r.id DESC LIMIT :limit
        """,
        kind=kind,
        subject=subject,
        limit=max(1, min(limit, 200)),
    )
    return [_view(one, await spent_by(one["id"])) for one in found]


async def run(run_id: int) -> RunView:
    """One run, which there is."""
    found = await rows(
        """
        SELECT r.*, (SELECT count(*) FROM provider_calls AS c WHERE c.run_id = r.id AND c.state = 'lost') AS lost
        FROM provider_runs AS r WHERE r.id = :run
        """,
        run=run_id,
    )
    return _view(found[0], await spent_by(run_id))


def _view(one: Row, spent: Spent) -> RunView:
    return RunView(
        id=one["id"],
        kind=one["kind"],
        subject=one["subject"],
        arguments=original_json(one["arguments"]),
        state=one["state"],
        budget_usd=one["budget_usd"],
        total=one["total"],
        done=one["done"],
        failed=one["failed"],
        asked_again=one["lost"],
        spent=spent,
        created_at=one["created_at"],
        ended_at=one["ended_at"],
    )
