"""Generations of a source's data: begun or taken up again, filled unseen, put in place in one transaction.

The importer holds advisory locks on its source and its generation; the server frees them when the importer
dies, however it dies. A generation that is unfinished and not locked waits to be taken up by the next import.
The locks belong to a transaction that stays open on a connection of its own, which holds through a transaction
pooler too. Old generations are removed by `removal.py`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from memicos_app.db import session
from memicos_app.db.text import storable
from memicos_app.library.catalog import IMPORT_LOCK
from memicos_app.library.datasets import ledger
from memicos_app.library.datasets.copying import Connection
from memicos_app.library.datasets.manifest import Object
from memicos_app.library.datasets.overview import Overview
from memicos_app.library.datasets.uploaded import carry_over
from memicos_app.library.datasets.verdict import Verdict
from memicos_app.library.errors import UnavailableError
from memicos_app.library.explanations import refresh_labels
from memicos_app.library.query import run_in

SOURCE_LOCK = IMPORT_LOCK + 1
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
            await asyncio.gather(alive, return_exceptions=True)


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


@dataclass(frozen=True, slots=True)
class Current:
    """The generation that readers see."""

    id: int
    origin: str
    parts: frozenset[str]
    verdict: str


async def current(connection: Connection, model_id: str, source_id: str) -> Current | None:
    """What readers see of a source; None where it has no data."""
    found = await connection.execute(
        "SELECT g.id, g.origin, g.parts, g.verdict FROM sources AS s "
        "JOIN source_generations AS g ON g.id = s.current_generation WHERE s.model_id = %s AND s.id = %s",
        [model_id, source_id],
    )
    row = await found.fetchone()
    return Current(row[0], row[1], frozenset(row[2]), row[3]) if row else None


async def n_sequences(connection: Connection, generation: int) -> int:
    """Shared texts of a generation."""
    found = await connection.execute("SELECT n_sequences FROM source_generations WHERE id = %s", [generation])
    row = await found.fetchone()
    return int(row[0]) if row else 0


async def take_up(
    right: Right, model_id: str, source_id: str, origin: str, parts: Sequence[str], objects: Sequence[Object]
) -> int:
    """An unfinished generation that begins as an import of these objects does, else a new one; locked.

    Every other attempt is given up: it is left to be removed.
    """
    unfinished = await _unfinished(right.connection, model_id, source_id)
    found = None
    for number, where, what in unfinished:
        same = found is None and (where, sorted(what)) == (origin, sorted(parts))
        if same and ledger.is_beginning(await ledger.entries(right.connection, number), objects):
            found = number
        else:
            await retire(right.connection, number)
    if found is None:
        found = await _new(right.connection, model_id, source_id, origin, parts)
    await right.guard.execute("SELECT pg_advisory_xact_lock(%s, %s)", [IMPORT_LOCK, found])
    await ledger.plan(right.connection, found, objects)
    return found


async def retire(connection: Connection, generation: int) -> None:
    """Give a generation up that readers do not see."""
    await connection.execute("UPDATE source_generations SET state = 'retired' WHERE id = %s", [generation])


async def _unfinished(connection: Connection, model_id: str, source_id: str) -> list[tuple[int, str, list[str]]]:
    found = await connection.execute(
        """
        SELECT g.id, g.origin, g.parts FROM source_generations AS g
        JOIN sources AS s ON s.model_id = g.model_id AND s.id = g.source_id
        WHERE g.model_id = %s AND g.source_id = %s AND g.state = 'importing'
          AND g.id IS DISTINCT FROM s.current_generation
        ORDER BY g.id DESC
        """,
        [model_id, source_id],
    )
    return [(row[0], row[1], row[2]) for row in await found.fetchall()]


async def _new(connection: Connection, model_id: str, source_id: str, origin: str, parts: Sequence[str]) -> int:
    found = await connection.execute(
        "INSERT INTO source_generations (model_id, source_id, origin, parts) VALUES (%s, %s, %s, %s) RETURNING id",
        [model_id, source_id, origin, sorted(parts)],
    )
    row = await found.fetchone()
    assert row is not None
    return int(row[0])


async def put_in_place(generation: int, model_id: str, source_id: str, overview: Overview, verdict: Verdict) -> None:
    """Make a complete generation the one that readers see, with its labels and counts, all at once."""
    names = {"model": model_id, "source": source_id}
    async with session.session() as writer:
        for one in await carry_over(writer, model_id, source_id, generation):
            overview.add(one["index"], one["density"], one["max_activation"])
        await run_in(writer, _READY, generation=generation, overview=overview.json(), sequences=overview.n_sequences)
        await run_in(writer, _JUDGED, generation=generation, **_said(verdict))
        await refresh_labels(writer, model_id, source_id, generation_id=generation)
        await run_in(writer, _RETIRED, **names)
        await run_in(writer, _CURRENT, generation=generation, highest=overview.highest, **names)
        await run_in(writer, _FORGOTTEN, generation=generation)
        await writer.commit()


async def hand_over_explanations(staged: int, generation: int, model_id: str, source_id: str) -> None:
    """Put explanations that were imported alone in place of those that came with a generation, all at once."""
    async with session.session() as writer:
        for statement in _HAND_OVER:
            await run_in(writer, statement, staged=staged, generation=generation)
        await refresh_labels(writer, model_id, source_id)
        await writer.commit()


async def write_verdict(generation: int, verdict: Verdict) -> None:
    """Say anew how complete a generation is."""
    async with session.session() as writer:
        await run_in(writer, _JUDGED, generation=generation, **_said(verdict))
        await writer.commit()


def _said(verdict: Verdict) -> dict[str, Any]:
    missing = [storable(one) for one in verdict.missing]
    return {"verdict": verdict.word, "missing": missing, "counts": json.dumps(verdict.counts)}


_READY = """
    UPDATE source_generations SET state = 'ready', finished_at = now(), overview = CAST(:overview AS jsonb),
        n_features = (SELECT count(*) FROM features WHERE generation_id = :generation),
        n_examples = (SELECT coalesce(sum(n), 0) FROM feature_examples WHERE generation_id = :generation),
        n_sequences = :sequences
    WHERE id = :generation
"""
_FORGOTTEN = "UPDATE import_files SET new_tokens = NULL WHERE generation_id = :generation AND new_tokens IS NOT NULL"
_JUDGED = """
    UPDATE source_generations SET verdict = :verdict, missing = :missing, counts = CAST(:counts AS jsonb)
    WHERE id = :generation
"""
_RETIRED = """
    UPDATE source_generations SET state = 'retired' FROM sources AS s
    WHERE source_generations.id = s.current_generation AND s.model_id = :model AND s.id = :source
"""
_CURRENT = """
    UPDATE sources SET current_generation = :generation, updated_at = now(),
        n_features = greatest(n_features, :highest + 1)
    WHERE model_id = :model AND id = :source
"""
_HAND_OVER = (
    "DELETE FROM explanations WHERE generation_id = :generation",
    "UPDATE explanations SET generation_id = :generation WHERE generation_id = :staged",
    "DELETE FROM import_files WHERE generation_id = :generation AND name LIKE 'explanations/%'",
    """
    UPDATE import_files SET generation_id = :generation,
        place = place + (SELECT coalesce(max(place) + 1, 0) FROM import_files WHERE generation_id = :generation)
    WHERE generation_id = :staged
    """,
    "DELETE FROM import_problems WHERE generation_id = :generation AND file LIKE 'explanations/%'",
    "UPDATE import_problems SET generation_id = :generation WHERE generation_id = :staged",
    """
    UPDATE source_generations SET finished_at = now(),
        parts = ARRAY(SELECT DISTINCT p FROM unnest(parts || ARRAY['explanations']) AS p ORDER BY p)
    WHERE id = :generation
    """,
    "UPDATE source_generations SET state = 'retired' WHERE id = :staged",
)
