"""What reading and writing say when the database cannot do it now."""

from __future__ import annotations

import asyncio

import pytest

from memicos_app.db import session
from memicos_app.library.errors import UnavailableError
from memicos_app.library.query import row, writing
from memicos_app.settings import get_settings


async def test_where_all_connections_are_taken_one_is_told_to_come_again(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await session.dispose()
    monkeypatch.setenv("DATABASE_URL", f"{database}&connection_limit=1&pool_timeout=1")
    get_settings.cache_clear()
    taken, enough = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with writing() as writer:
            await writer.connection()
            taken.set()
            await enough.wait()

    holding = asyncio.create_task(hold())
    await taken.wait()
    with pytest.raises(UnavailableError, match="Too many ask the database at once") as refused:
        await row("SELECT 1 AS n")
    assert (refused.value.status, refused.value.retry_after) == (503, 5.0)
    enough.set()
    await holding
    found = await row("SELECT 1 AS n")
    assert found is not None
    assert found["n"] == 1
