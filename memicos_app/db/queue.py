"""The queue of long work: procrastinate's tables, entered from any floor inside the caller's own transaction.

An entry is a ticket: it names a job of the `jobs` table and nothing more. Who runs tickets is `memicos_app/jobs`.
procrastinate is imported on first use, so that a page that only reads does not pay for it.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from psycopg import AsyncConnection
from sqlmodel.ext.asyncio.session import AsyncSession

from memicos_app.db import session

if TYPE_CHECKING:
    from procrastinate import App

QUEUE = "memicos"
TASK = "memicos.job"
_TIMEOUT = 10.0


@lru_cache(maxsize=1)
def app() -> App:
    """procrastinate over our database; only a job process opens its pool."""
    from procrastinate import App, PsycopgConnector

    connector = PsycopgConnector(
        conninfo=session.connection_string,
        kwargs={"prepare_threshold": None},
        min_size=1,
        max_size=4,
        timeout=_TIMEOUT,
        reconnect_timeout=_TIMEOUT,
    )
    return App(connector=connector)


async def put(writer: AsyncSession, job_id: int, subject: str, *, at: datetime | None = None) -> int:
    """A new ticket for a job, seen by nobody before the caller commits; its number.

    Args:
        subject: tickets of the same subject run one after another; empty: beside any other.
        at: not before; None: as soon as there is room.
    """
    deferrer = app().configure_task(
        TASK, queue=QUEUE, lock=subject or None, schedule_at=at, connection=await _driver(writer)
    )
    return await deferrer.defer_async(job_id=job_id)


async def take_back(writer: AsyncSession, ticket: int) -> None:
    """Remove a ticket that nobody has taken yet; one that is taken finds that it is void."""
    manager = app().job_manager
    await manager.cancel_job_by_id_async(ticket, delete_job=True, connection=await _driver(writer))


async def _driver(writer: AsyncSession) -> AsyncConnection[tuple[object, ...]]:
    connection = await writer.connection()
    driver = (await connection.get_raw_connection()).driver_connection
    assert isinstance(driver, AsyncConnection)
    return driver
