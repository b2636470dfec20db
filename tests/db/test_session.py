"""Sessions over a real server: what they commit, how they heal, and what they leave behind."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text

from memicos_app.db import session


async def _count() -> int:
    async with session.read_session() as reader:
        return int((await reader.exec(text("SELECT count(*) FROM note"))).scalar_one())


@pytest.fixture
async def notes(database: str) -> str:
    async with session.session() as writer:
        await writer.exec(text("CREATE TABLE note (line text)"))
        await writer.commit()
    return database


async def test_session_keeps_what_is_committed(notes: str) -> None:
    async with session.session() as writer:
        await writer.exec(text("INSERT INTO note VALUES ('one')"))
        await writer.commit()
    assert await _count() == 1


async def test_session_drops_what_is_not_committed(notes: str) -> None:
    async with session.session() as writer:
        await writer.exec(text("INSERT INTO note VALUES ('one')"))
    assert await _count() == 0


async def test_read_session_runs_each_statement_alone(notes: str) -> None:
    async with session.read_session() as reader:
        await reader.exec(text("INSERT INTO note VALUES ('seen at once')"))
        assert await _count() == 1


async def test_raw_connection_copies_and_commits(notes: str) -> None:
    async with session.raw_connection() as raw, raw.cursor() as cursor, cursor.copy("COPY note FROM STDIN") as copy:
        for number in range(1000):
            await copy.write_row((f"line {number}",))
    assert await _count() == 1000


async def test_raw_connection_rolls_back_when_its_block_raises(notes: str) -> None:
    with pytest.raises(LookupError):
        async with session.raw_connection() as raw:
            await raw.execute("INSERT INTO note VALUES ('lost')")
            raise LookupError
    assert await _count() == 0


async def test_engine_is_one_per_loop(database: str) -> None:
    assert session.engine() is session.engine()
    here = session.engine()
    assert await asyncio.to_thread(lambda: asyncio.run(_engine_there())) is not here


async def _engine_there() -> object:
    found = session.engine()
    await found.dispose()
    return found
