"""Sessions over the database: one async engine an event loop, which heals when the embedded server died.

Connections are made by our own function: when the embedded server does not answer, it is started again
and the connection is tried once more, so that the session after a crash works as if nothing had been.
"""

from __future__ import annotations

import asyncio
import os
import select
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.rows import TupleRow
from sqlalchemy import NullPool, event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel.ext.asyncio.session import AsyncSession

from memicos_app.db.embedded import EmbeddedPostgres
from memicos_app.db.postmaster import watched
from memicos_app.db.url import DatabaseUrl, normalise
from memicos_app.settings import Settings, get_settings

REST_S = 1.0
"""Seconds after which a connection that lay in the pool is asked in any case whether it lives."""
Result = TypeVar("Result")
Loop = asyncio.AbstractEventLoop

_engines: dict[Loop | None, AsyncEngine] = {}
_retired: list[AsyncEngine] = []
_servers: dict[Path, EmbeddedPostgres] = {}
_known: dict[tuple[str, Path], DatabaseUrl] = {}
_keep_connections = True
_trusting: ContextVar[bool] = ContextVar("trusting", default=False)


def database_url() -> str:
    """The address of the database, for SQLAlchemy: DATABASE_URL, or the embedded server, started when needed.

    Raises:
        DatabaseUnusable: DATABASE_URL cannot be right, or the embedded server cannot be started.
    """
    return target().text


def target() -> DatabaseUrl:
    """The database with all that a connection to it needs; as `database_url`."""
    settings = get_settings()
    url = settings.database_url.get_secret_value()
    found = normalise(url or embedded(settings.data_dir).ensure_running())
    _known[_key(settings)] = found
    return found


def embedded(data_dir: Path) -> EmbeddedPostgres:
    """The embedded server of a data folder; one object a process."""
    return _servers.setdefault(data_dir.resolve(), EmbeddedPostgres(data_dir))


def engine() -> AsyncEngine:
    """The engine of this process and event loop, made on first use; connects only when a session needs it."""
    loop = _running_loop()
    ended = [other for other in _engines if other is not None and other.is_closed()]
    _retired.extend(_engines.pop(other) for other in ended)
    if loop not in _engines:
        _engines[loop] = _new_engine()
    return _engines[loop]


@asynccontextmanager
async def session() -> AsyncIterator[AsyncSession]:
    """A session for writing: what is not committed by its user is rolled back at the end."""
    opened = AsyncSession(await _ready_engine(), expire_on_commit=False)
    try:
        yield opened
    finally:  # not `async with`: it closes by a task, and a loop that stops may cancel that before it begins
        await opened.close()


@asynccontextmanager
async def read_session(*, trusting: bool = False) -> AsyncIterator[AsyncSession]:
    """A session for reading: each statement stands alone, which saves BEGIN and ROLLBACK.

    Args:
        trusting: a connection that was used just now is not asked whether it lives: who reads asks again if not.
    """
    opened = AsyncSession(_reader(await _ready_engine()), expire_on_commit=False, autoflush=False)
    token = _trusting.set(trusting)
    try:
        yield opened
    finally:
        _trusting.reset(token)
        await opened.close()


@asynccontextmanager
async def raw_connection() -> AsyncIterator[psycopg.AsyncConnection[TupleRow]]:
    """A psycopg connection of its own, for COPY: committed at the end, rolled back when the block raises."""
    async with await _connect() as connection:
        yield connection


async def connection_string() -> str:
    """The address for a pool that is not ours, to be asked for each connection: the embedded server heals then too.

    Raises:
        DatabaseUnusable: as `database_url`.
    """
    address = await asyncio.to_thread(target)
    libpq = {name: value for name, value in address.parameters.items() if name not in address.connect_args}
    return make_conninfo("", **libpq)


async def dispose() -> None:
    """Close the connections of this process; sessions opened later make new ones."""
    _known.clear()
    engines = [*_engines.values(), *_retired]
    _engines.clear()
    _retired.clear()
    for each in engines:
        await each.dispose()


def release() -> None:
    """Let go of the embedded server, which stops when nobody else uses it; done at exit in any case."""
    _known.clear()
    for server in _servers.values():
        server.release()


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a command to its end: its sessions keep no connections, and none is left open."""
    global _keep_connections
    _keep_connections = False
    try:
        return asyncio.run(_then_dispose(work))
    finally:
        _keep_connections = True


async def _then_dispose(work: Coroutine[Any, Any, Result]) -> Result:
    try:
        return await work
    finally:
        await dispose()


@lru_cache(maxsize=8)
def _reader(engine: AsyncEngine) -> AsyncEngine:
    return engine.execution_options(isolation_level="AUTOCOMMIT")


async def _ready_engine() -> AsyncEngine:
    current = engine()
    while _retired:
        await _retired.pop().dispose()
    return current


def _new_engine() -> AsyncEngine:
    settings = get_settings()
    options: dict[str, Any] = {"async_creator": _connect}
    if not _keep_connections:
        return create_async_engine("postgresql+psycopg://", poolclass=NullPool, **options)
    url = settings.database_url.get_secret_value()
    asked = normalise(url) if url else None
    size = asked.pool_size if asked else None
    made = create_async_engine(
        "postgresql+psycopg://",
        pool_size=size or settings.database_pool_size,
        max_overflow=0 if size else settings.database_pool_size,
        pool_timeout=(asked.pool_timeout if asked else None) or 10,
        pool_recycle=1800,
        pool_use_lifo=True,  # a busy site keeps few connections warm, and need not ask whether they live
        **options,
    )
    _watch(made, None if url else embedded(settings.data_dir))
    return made


def _watch(engine: AsyncEngine, server: EmbeddedPostgres | None) -> None:
    """Ask a connection whether it lives before it is used again, unless that was just now and its user is trusting.

    SQLAlchemy's own `pool_pre_ping` asks before each use, which doubles the statements of a busy site. It
    would also believe a backend whose postmaster is dead, and whose answer is its last.
    """

    def connect(_: Any, record: ConnectionPoolEntry) -> None:
        record.info["postmaster"] = watched(server.place) if server else None

    def checkout(connection: Any, record: ConnectionPoolEntry, _: Any) -> None:
        used = record.info.get("used")
        if used is None:  # it was made for this use
            return
        postmaster = record.info.get("postmaster")
        if postmaster and postmaster.has_ended():
            raise InvalidatePoolError
        if _trusting.get() and time.monotonic() - used < REST_S and _is_quiet(record.driver_connection):
            return
        try:
            engine.dialect.do_ping(connection)
        except psycopg.Error as error:
            raise InvalidatePoolError from error

    def checkin(_: Any, record: ConnectionPoolEntry) -> None:
        record.info["used"] = time.monotonic()

    event.listen(engine.sync_engine, "connect", connect)
    event.listen(engine.sync_engine, "checkout", checkout)
    event.listen(engine.sync_engine, "checkin", checkin)


def _is_quiet(driver: Any) -> bool:
    """Nothing has come that nobody asked for, as it does when the server ends."""
    if driver.closed:
        return False
    line = select.poll()
    line.register(driver.pgconn.socket, select.POLLIN)
    return not line.poll(0)


async def _connect() -> psycopg.AsyncConnection[TupleRow]:
    settings = get_settings()
    address = _known.get(_key(settings))
    if address is None:
        address = await asyncio.to_thread(target)
    try:
        return await psycopg.AsyncConnection.connect(**address.parameters)
    except psycopg.OperationalError:
        if settings.database_url.get_secret_value():
            raise
        healed = await asyncio.to_thread(target)
        return await psycopg.AsyncConnection.connect(**healed.parameters)


def _key(settings: Settings) -> tuple[str, Path]:
    return settings.database_url.get_secret_value(), settings.data_dir


def _running_loop() -> Loop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _forget_after_fork() -> None:
    """A forked child must not talk over its parent's connections."""
    for each in [*_engines.values(), *_retired]:
        each.sync_engine.dispose(close=False)
    _engines.clear()
    _retired.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_after_fork)
