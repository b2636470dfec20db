"""SQL from the library: rows as mappings, one statement a call, each standing alone unless a session is given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import RowMapping, text
from sqlmodel.ext.asyncio.session import AsyncSession

from memicos_app.db.session import read_session


async def rows(sql: str, /, **values: Any) -> Sequence[RowMapping]:
    """All rows of a reading statement."""
    async with read_session() as session:
        return await rows_in(session, sql, **values)


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
