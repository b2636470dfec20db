"""Generations of a source's data: begun, filled unseen, put in place in one transaction, old ones removed.

The importer holds advisory locks on its source and its generation; the server frees them when the importer
dies, however it dies. A generation that is neither current nor locked is abandoned. The locks belong to a
transaction that stays open on a connection of its own, which holds through a transaction pooler too.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from memicos_app.db import session
from memicos_app.library.catalog import IMPORT_LOCK
from memicos_app.library.datasets.copying import Connection
from memicos_app.library.datasets.overview import Overview
from memicos_app.library.errors import UnavailableError
from memicos_app.library.explanations import refresh_labels
from memicos_app.library.query import run_in

SOURCE_LOCK = IMPORT_LOCK + 1
_FILLED = ("features", "feature_labels", "feature_examples", "sequence_chunks", "explanations", "sources")
_SIGN_OF_LIFE = 60.0
"""Seconds; managed servers end transactions that are silent for minutes."""


@dataclass(frozen=True, slots=True)
class Right:
    """The right to import one source: a connection to work on and the one that holds the locks."""

    connection: Connection
    guard: Connection


@asynccontextmanager
async def importing(model_id: str, source_id: str) -> AsyncIterator[Right]:
    """The right to import this source; its working connection commits each statement.

    Raises:
        UnavailableError: another process is importing it.
    """
    async with session.raw_connection() as guard, session.raw_connection() as connection:
        await connection.set_autocommit(True)
        name = f"{model_id}/{source_id}"
        found = await guard.execute("SELECT pg_try_advisory_xact_lock(%s, hashtext(%s))", [SOURCE_LOCK, name])
        if (await found.fetchone()) != (True,):
            raise UnavailableError(f"{name} is being imported by another process already.", field="source_id")
        alive = asyncio.create_task(_stay_alive(guard))
        try:
            yield Right(connection, guard)
        finally:
            alive.cancel()
            await asyncio.wait([alive])


async def _stay_alive(guard: Connection) -> None:
    while True:
        await asyncio.sleep(_SIGN_OF_LIFE)
        await guard.execute("SELECT 1")


async def still_ours(right: Right) -> None:
    """Make sure that the locks were held all along.

    Raises:
        psycopg.OperationalError: the connection that held them is gone.
    """
    await right.guard.execute("SELECT 1")


async def begin(right: Right, model_id: str, source_id: str, origin: str) -> int:
    """A new, empty generation, locked by its importer; earlier attempts of this source that died are removed."""
    await right.connection.execute(
        """
        DELETE FROM source_generations AS g USING sources AS s
        WHERE s.model_id = g.model_id AND s.id = g.source_id AND g.model_id = %s AND g.source_id = %s
          AND g.id IS DISTINCT FROM s.current_generation
        """,
        [model_id, source_id],
    )
    found = await right.connection.execute(
        "INSERT INTO source_generations (model_id, source_id, origin) VALUES (%s, %s, %s) RETURNING id",
        [model_id, source_id, origin],
    )
    row = await found.fetchone()
    assert row is not None
    await right.guard.execute("SELECT pg_advisory_xact_lock(%s, %s)", [IMPORT_LOCK, row[0]])
    return int(row[0])


async def put_in_place(generation: int, model_id: str, source_id: str, overview: Overview) -> None:
    """Make a complete generation the one that readers see, with its labels and counts, all at once."""
    async with session.session() as writer:
        await run_in(
            writer,
            """
            UPDATE source_generations SET state = 'ready', finished_at = now(), overview = CAST(:overview AS jsonb),
                n_features = (SELECT count(*) FROM features WHERE generation_id = :generation),
                n_examples = (SELECT coalesce(sum(n), 0) FROM feature_examples WHERE generation_id = :generation),
                n_sequences = :sequences
            WHERE id = :generation
            """,
            generation=generation,
            overview=overview.json(),
            sequences=overview.n_sequences,
        )
        await refresh_labels(writer, model_id, source_id, generation_id=generation)
        await run_in(
            writer,
            """
            UPDATE source_generations SET state = 'retired' FROM sources AS s
            WHERE source_generations.id = s.current_generation AND s.model_id = :model AND s.id = :source
            """,
            model=model_id,
            source=source_id,
        )
        await run_in(
            writer,
            """
            UPDATE sources SET current_generation = :generation, updated_at = now(),
                n_features = greatest(n_features, :highest + 1)
            WHERE model_id = :model AND id = :source
            """,
            generation=generation,
            highest=overview.highest,
            model=model_id,
            source=source_id,
        )
        await writer.commit()


async def remove_others(connection: Connection, generation: int, model_id: str, source_id: str) -> None:
    """Remove what the new generation replaced, give its room back, and tell the planner what is there now.

    Vacuumed pages also let the pages of a list be found in an index alone.
    """
    await connection.execute(
        "DELETE FROM source_generations WHERE model_id = %s AND source_id = %s AND id <> %s",
        [model_id, source_id, generation],
    )
    for table in _FILLED:
        await connection.execute(f"VACUUM (ANALYZE) {table}")
