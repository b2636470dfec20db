"""SQL from the library: rows as mappings, one statement a call, each standing alone unless a session is given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import RowMapping, text
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlmodel.ext.asyncio.session import AsyncSession

from memicos_app.db.errors import DatabaseUnusable
from memicos_app.db.session import read_session
from memicos_app.library.errors import UnavailableError

RETRY_S = 5.0


async def rows(sql: str, /, **values: Any) -> Sequence[RowMapping]:
    """All rows of a reading statement.

    Raises:
        UnavailableError: the database does not answer.
    """
    try:
        async with read_session() as session:
            return await rows_in(session, sql, **values)
    except (OperationalError, InterfaceError, DatabaseUnusable) as error:
        raise UnavailableError(
            "The database does not answer right now; try again in a moment.", retry_after=RETRY_S
        ) from error


async def row(sql: str, /, **values: Any) -> RowMapping | None:
    """The first row of a reading statement, or None."""
    found = await rows(sql, **values)
    return found[0] if found else None


async def rows_in(session: AsyncSession, sql: str, /, **values: Any) -> Sequence[RowMapping]:
    """All rows of a statement in a session of the caller's."""
    connection = await session.connection()
    return (await connection.execute(text(sql), values)).mappings().all()


async def run_in(session: AsyncSession, sql: str, /, **values: Any) -> int:
    """A statement that changes rows, in a session of the caller's; how many it changed."""
    connection = await session.connection()
    return (await connection.execute(text(sql), values)).rowcount
