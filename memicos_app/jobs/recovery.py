"""Jobs that nobody runs any more are made to go on: their process was killed, or a ticket and its job parted.

One process sweeps at a time, kept apart by an advisory lock of its transaction, which also works through a pooler.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import UTC, datetime

from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Status
from sqlmodel.ext.asyncio.session import AsyncSession

from memicos_app.db import queue
from memicos_app.jobs.presence import Presence
from memicos_app.library.job_log import write_line
from memicos_app.library.job_views import SILENT_S
from memicos_app.library.query import rows_in, run_in, writing

MOST_DEATHS = 30
"""Deaths under a job after which it is not taken up again: it may be what kills its process."""
_LOCK = 0x6A6F6273  # "jobs" in ASCII
_PARTED_S = 3 * SILENT_S
_log = logging.getLogger(__name__)


async def sweep(presence: Presence) -> int:
    """Look once after jobs that were left alone; how many go on."""
    async with writing() as writer:
        if not (await rows_in(writer, "SELECT pg_try_advisory_xact_lock(:key) AS got", key=_LOCK))[0]["got"]:
            return 0
        dead = await _dead(writer, presence)
        for ticket in dead:
            await _release(writer, ticket)
            await _again(ticket)
        parted = await _parted(writer)
        await _drop_void(writer)
        await writer.commit()
    return len(dead) + parted


async def _dead(writer: AsyncSession, presence: Presence) -> list[int]:
    """Tickets whose process died."""
    running = await rows_in(writer, "SELECT ticket, holder FROM jobs WHERE state = 'running' AND ticket IS NOT NULL")
    gone = set(presence.dead({one["holder"] for one in running}))
    presence.forget({one["holder"] for one in running})
    stalled = await queue.app().job_manager.get_stalled_jobs(queue=queue.QUEUE, seconds_since_heartbeat=SILENT_S)
    tickets = {one["ticket"] for one in running if one["holder"] in gone} | {one.id for one in stalled if one.id}
    return sorted(tickets)


async def _release(writer: AsyncSession, ticket: int) -> None:
    """The job waits again, or has failed if its process has died under it too often."""
    found = await rows_in(
        writer,
        """
        UPDATE jobs SET deaths = deaths + 1, holder = '', rate = 0,
            state = CASE WHEN wish = 'pause' THEN 'paused' WHEN wish = 'cancel' THEN 'cancelled'
                WHEN deaths + 1 >= :most THEN 'failed' ELSE 'waiting' END,
            finished_at = CASE WHEN wish = 'cancel' OR (wish = '' AND deaths + 1 >= :most) THEN now() END,
            error = CASE WHEN wish = '' AND deaths + 1 >= :most THEN :words ELSE '' END, wish = ''
        WHERE ticket = :ticket AND state = 'running' RETURNING id, state
        """,
        ticket=ticket,
        most=MOST_DEATHS,
        words=f"Its process ended {MOST_DEATHS} times while it ran: logs/jobs.log may say why, or memory is short.",
    )
    for one in found:
        words = "its process was killed: goes on" if one["state"] == "waiting" else "its process was killed"
        await write_line(writer, one["id"], words, "warning")
        _log.warning("job %d: %s", one["id"], words)


async def _again(ticket: int) -> None:
    """Let the ticket be taken again; it is void if its job no longer waits."""
    try:
        await queue.app().job_manager.retry_job_by_id_async(ticket, retry_at=datetime.now(UTC))
    except ConnectorException as error:
        _log.info("ticket %d was not taken back: %s", ticket, error.__cause__ or error)


async def _parted(writer: AsyncSession) -> int:
    """Jobs that wait or run without a ticket in the queue get a new one."""
    found = await rows_in(
        writer,
        """
        SELECT j.id, j.subject FROM jobs AS j
        WHERE j.state IN ('waiting', 'running')
            AND coalesce(j.news_at, j.created_at) < now() - make_interval(secs => :seconds)
            AND NOT EXISTS (SELECT FROM procrastinate_jobs AS p WHERE p.id = j.ticket)
        FOR UPDATE OF j SKIP LOCKED
        """,
        seconds=_PARTED_S,
    )
    for one in found:
        ticket = await queue.put(writer, one["id"], one["subject"])
        await run_in(
            writer,
            "UPDATE jobs SET state = 'waiting', holder = '', ticket = :ticket, news_at = now() WHERE id = :id",
            id=one["id"],
            ticket=ticket,
        )
        await write_line(writer, one["id"], "its place in the queue was lost: goes on", "warning")
    return len(found)


async def _drop_void(writer: AsyncSession) -> None:
    """Tickets in hand whose job has long ended elsewhere keep their subject from others: they are ended."""
    found = await rows_in(
        writer,
        """
        SELECT p.id FROM procrastinate_jobs AS p WHERE p.status = 'doing' AND p.queue_name = :queue
            AND NOT EXISTS (SELECT FROM jobs AS j WHERE j.ticket = p.id)
            AND NOT EXISTS (
                SELECT FROM procrastinate_events AS e
                WHERE e.job_id = p.id AND e.at > now() - make_interval(secs => :seconds)
            )
            AND (p.args ->> 'job_id')::bigint NOT IN (
                SELECT id FROM jobs WHERE news_at > now() - make_interval(secs => :seconds)
            )
        """,
        queue=queue.QUEUE,
        seconds=_PARTED_S,
    )
    await _finish(one["id"] for one in found)


async def _finish(tickets: Iterable[int]) -> None:
    manager = queue.app().job_manager
    for ticket in tickets:
        await manager.finish_job_by_id_async(job_id=ticket, status=Status.FAILED, delete_job=True)
