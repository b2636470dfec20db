"""No connection is lost with a session that ends badly: its task is cancelled, or the loop stops beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest
from psycopg import AsyncConnection
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import QueuePool
from sqlmodel.ext.asyncio.session import AsyncSession

from memicos_app.db import session

Opened = Callable[[], AbstractAsyncContextManager[AsyncSession]]


def n_out(engine: AsyncEngine) -> int:
    """Connections that nobody gave back."""
    pool = engine.sync_engine.pool
    assert isinstance(pool, QueuePool)
    return pool.checkedout()


@pytest.mark.parametrize("opened", [session.session, session.read_session])
def test_a_loop_that_stops_as_a_session_closes(database: str, opened: Opened) -> None:
    """What is left of a loop is cancelled all at once, also what has not begun."""

    async def hold(holding: asyncio.Event, go: asyncio.Event) -> None:
        async with opened() as held:
            await held.exec(text("SELECT 1"))
            holding.set()
            await go.wait()

    async def main() -> tuple[AsyncEngine, asyncio.Task[None]]:
        holding, go = asyncio.Event(), asyncio.Event()
        task = asyncio.create_task(hold(holding, go))
        await holding.wait()
        go.set()  # it goes on in the turn in which the loop stops
        return session.engine(), task

    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        engine, task = runner.run(main())
    assert task.done()
    assert n_out(engine) == 0


async def test_a_task_that_is_cancelled_again_while_its_session_closes(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rolling_back = asyncio.Event()
    rollback = AsyncConnection.rollback

    async def slow_rollback(self: AsyncConnection[object]) -> None:
        rolling_back.set()
        await asyncio.sleep(0.2)
        await rollback(self)

    async def hold() -> None:
        async with session.session() as held:
            await held.exec(text("SELECT 1"))
            monkeypatch.setattr(AsyncConnection, "rollback", slow_rollback)
            await asyncio.sleep(60)

    task = asyncio.create_task(hold())
    while AsyncConnection.rollback is rollback:
        await asyncio.sleep(0.01)
    task.cancel()
    await rolling_back.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    monkeypatch.undo()
    assert n_out(session.engine()) == 0
    async with session.session() as after:
        assert (await after.exec(text("SELECT 1"))).scalar_one() == 1
