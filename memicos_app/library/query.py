"""SQL from the library: rows as mappings, one statement a call, each standing alone unless a session is given.

Reading goes to the driver itself, on a connection of the pool: that halves what a short statement costs.
"""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import lru_cache
from typing import Any

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import dict_row
from sqlalchemy import text
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlmodel.ext.asyncio.session import AsyncSession

from memicos_app.db.errors import DatabaseUnusable, sentence
from memicos_app.db.session import REST_S, read_session
from memicos_app.db.session import session as write_session
from memicos_app.library.accounts.person import person
from memicos_app.library.errors import UnavailableError
from memicos_app.library.visibility import narrowed

Row = Mapping[str, Any]
_LOST = (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)
_SILENT = (*_LOST, PoolTimeoutError, DatabaseUnusable)
_GONE = (None, "57P01", "57P02", "57P03", "08003", "08006")
"""What a server says, or does not, whose connection is over; a reading statement is sent once more over another."""
RETRY_S = 5.0


@asynccontextmanager
async def reading() -> AsyncIterator[AsyncSession]:
    """A session for several reads.

    Raises:
        UnavailableError: the database does not answer.
    """
    with _answering():
        async with read_session() as reader:
            yield reader


@asynccontextmanager
async def writing() -> AsyncIterator[AsyncSession]:
    """A session for a change; what its user does not commit is rolled back.

    Raises:
        UnavailableError: the database does not answer.
    """
    with _answering():
        async with write_session() as writer:
            yield writer


async def rows(sql: str, /, **values: Any) -> Sequence[Row]:
    """All rows of a reading statement; its places are written `:name`, those of who asks are filled already.

    Raises:
        UnavailableError: the database does not answer.
    """
    return await _read(sql, values, None)


async def row(sql: str, /, **values: Any) -> Row | None:
    """The first row of a reading statement, or None."""
    found = await rows(sql, **values)
    return found[0] if found else None


async def rows_planned(sql: str, /, **values: Any) -> Sequence[Row]:
    """As `rows`, planned for these values each time: for statements whose best plan depends on them.

    A statement that is met often is else planned once for any values, and its plan kept.

    Raises:
        UnavailableError: the database does not answer.
    """
    return await _read(sql, values, False)


async def rows_in(session: AsyncSession, sql: str, /, **values: Any) -> Sequence[Row]:
    """All rows of a reading statement in a session of the caller's; as far as the person asking may see them."""
    return await _fetched(session, sql, values, None)


async def rows_planned_in(session: AsyncSession, sql: str, /, **values: Any) -> Sequence[Row]:
    """As `rows_planned`, in a session of the caller's."""
    return await _fetched(session, sql, values, False)


async def _read(sql: str, values: Mapping[str, Any], prepare: bool | None) -> Sequence[Row]:
    with _answering():
        began = time.monotonic()
        try:
            async with read_session(trusting=True) as session:
                return await _fetched(session, sql, values, prepare)
        except _LOST as error:
            if not _was_gone(error) or time.monotonic() - began > REST_S:
                raise
        async with read_session() as session:
            return await _fetched(session, sql, values, prepare)


def _was_gone(error: Exception) -> bool:
    """The connection was over before the statement was read; another may well do."""
    return getattr(getattr(error, "orig", error), "sqlstate", None) in _GONE


async def _fetched(session: AsyncSession, sql: str, values: Mapping[str, Any], prepare: bool | None) -> Sequence[Row]:
    who = person()
    connection = await session.connection()
    driver = (await connection.get_raw_connection()).driver_connection
    assert isinstance(driver, AsyncConnection)
    async with driver.cursor(row_factory=dict_row) as cursor:
        asked = {**values, "me_id": who.id, "me_admin": who.admin}
        seen = sql if who.admin else narrowed(sql)
        await cursor.execute(_in_driver_style(seen), asked, prepare=prepare)
        return await cursor.fetchall()


async def run_in(session: AsyncSession, sql: str, /, **values: Any) -> int:
    """A statement that changes rows, in a session of the caller's; how many it changed."""
    connection = await session.connection()
    return (await connection.execute(text(sql), values)).rowcount


def bigint(number: int) -> int:
    """A row's number as a bigint can hold it; 0, which no row has, for one that it cannot."""
    return number if 0 < number < 1 << 63 else 0


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except _SILENT as error:
        raise UnavailableError(sentence(error), retry_after=RETRY_S) from error


@lru_cache(maxsize=512)
def _in_driver_style(sql: str) -> bytes:
    """`:name` as `%(name)s`; casts (`::type`) and per cent signs stay what they are."""
    return re.sub(r"(?<![:\w]):([a-z]\w*)", r"%(\1)s", sql.replace("%", "%%")).encode()
