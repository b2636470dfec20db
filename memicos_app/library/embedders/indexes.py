"""Indexes over vectors: built anew beside the old one while everything goes on, with progress and enough memory.

A graph that does not fit the memory it is given is built several times slower: what it needs is asked for, and told
where the server's limit is lower.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass

import psycopg

from memicos_app.db.errors import DatabaseUnusable
from memicos_app.db.postgres_settings import this_machine
from memicos_app.db.session import raw_connection
from memicos_app.library.embedders.known import Known, ensure_indexes, known, with_vectors
from memicos_app.library.errors import BadInputError
from memicos_app.library.query import row, rows
from memicos_app.library.watch import UNWATCHED, Watch
from memicos_app.settings import get_settings

_LOOK_S = 1.0
_PER_ELEMENT = 720
"""Bytes of a graph's element beside its vector, with m 16: one of 256 dimensions was measured to take 1.23 kB."""
_ROOM = 1.1


@dataclass(frozen=True, slots=True)
class IndexState:
    """An embedder's index: how many vectors it holds and how large it is."""

    name: str
    vectors: int
    size: str


def memory_needed(vectors: int, dimensions: int) -> int:
    """Bytes of `maintenance_work_mem` in which the graph over so many vectors can be built at once."""
    return int(vectors * (2 * dimensions + _PER_ELEMENT) * _ROOM)


async def rebuild_all(name: str = "", watch: Watch = UNWATCHED) -> list[IndexState]:
    """Build the index of an embedder anew, or those of all that have vectors.

    Raises:
        BadInputError: there is no embedder of this name; `field` is `embedder`.
        Stopped: it was asked to stop.
    """
    chosen = [one for one in await known() if one.name == name] if name else await with_vectors()
    if name and not chosen:
        names = ", ".join(one.name for one in await known())
        raise BadInputError(f"There is no embedder {name!r} here; there are {names}.", field="embedder")
    return [await rebuild(one, watch) for one in chosen]


async def rebuild(embedder: Known, watch: Watch = UNWATCHED) -> IndexState:
    """Build an embedder's index anew, or for the first time; searches use the old one until the new one is there.

    Raises:
        Stopped: it was asked to stop; the old index stays.
    """
    await ensure_indexes(embedder.id, embedder.dimensions)
    await _drop_unfinished(embedder)
    counted = await row("SELECT count(*) AS n FROM explanation_embeddings WHERE embedder_id = :id", id=embedder.id)
    vectors = int(counted["n"]) if counted else 0
    async with raw_connection() as connection:
        await connection.set_autocommit(True)
        await _give_memory(connection, memory_needed(vectors, embedder.dimensions), watch)
        work = asyncio.create_task(connection.execute(f"REINDEX INDEX CONCURRENTLY {embedder.index}".encode()))
        try:
            await _watch(connection.info.backend_pid, embedder, vectors, work, watch)
        except BaseException:
            with suppress(psycopg.Error):
                await connection.cancel_safe()
            with suppress(psycopg.Error):
                await work
            await _drop_unfinished(embedder)
            raise
    watch.tell("building the index", vectors, vectors, "vectors")
    return await state(embedder)


async def state(embedder: Known) -> IndexState:
    """What an embedder's index is now."""
    found = await row(
        """
        SELECT (SELECT count(*) FROM explanation_embeddings WHERE embedder_id = :id) AS n,
            (SELECT pg_size_pretty(pg_relation_size(oid)) FROM pg_class WHERE relname = :index) AS size
        """,
        id=embedder.id,
        index=embedder.index,
    )
    return IndexState(embedder.name, int(found["n"]) if found else 0, str(found["size"] or "") if found else "")


async def _watch(pid: int, embedder: Known, vectors: int, work: asyncio.Task[object], watch: Watch) -> None:
    """Tell how far the server is until it is done; stop where the watcher asks for it."""
    while True:
        done, _ = await asyncio.wait({work}, timeout=_LOOK_S)
        if done:
            await work
            return
        found = await row(
            "SELECT phase, tuples_done AS done FROM pg_stat_progress_create_index WHERE pid = :pid", pid=pid
        )
        if found is not None:
            watch.tell(f"{embedder.name}: {found['phase']}", min(int(found["done"]), vectors), vectors, "vectors")
        await watch.checkpoint()


async def _give_memory(connection: psycopg.AsyncConnection[tuple[object, ...]], needed: int, watch: Watch) -> None:
    """Set the memory of the build; the embedded server may take a quarter of the machine, another as it is set."""
    found = await connection.execute("SELECT pg_size_bytes(current_setting('maintenance_work_mem'))")
    given = int(str(((await found.fetchone()) or (0,))[0]))
    settings = get_settings()
    if not settings.database_url.get_secret_value():
        with suppress(OSError, DatabaseUnusable):
            given = max(given, this_machine(settings.data_dir).memory // 4)
    wanted = min(max(needed, 64 << 20), given)
    await connection.execute(f"SET maintenance_work_mem = '{wanted >> 10}kB'".encode())
    if needed > given:
        watch.log(
            f"The graph needs {needed / 2**30:.1f} GB and the server gives {given / 2**30:.1f} GB: building it takes "
            "several times longer. Raise maintenance_work_mem for this.",
            "warning",
        )


async def _drop_unfinished(embedder: Known) -> None:
    """Remove what a build that was killed left behind."""
    left = await rows(
        """
        SELECT c.relname AS name FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
        WHERE NOT i.indisvalid AND c.relname LIKE :pattern
        """,
        pattern=embedder.index.replace("_", r"\_") + r"\_ccnew%",
    )
    if left:
        async with raw_connection() as connection:
            await connection.set_autocommit(True)
            for one in left:
                await connection.execute(f'DROP INDEX CONCURRENTLY IF EXISTS "{one["name"]}"'.encode())
