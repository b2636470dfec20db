"""Data that readers no longer see, removed in slices, so that no statement is long and a stop loses nothing."""

from __future__ import annotations

from psycopg import sql

from memicos_app.library.datasets.copying import Connection
from memicos_app.library.watch import UNWATCHED, Watch

SLICE = 5_000
_FILLED = (
    "explanations",
    "feature_labels",
    "feature_examples",
    "sequence_chunks",
    "features",
    "import_problems",
    "import_sums",
    "import_files",
)


async def remove_retired(connection: Connection, model_id: str, source_id: str, *, watch: Watch = UNWATCHED) -> int:
    """Remove a source's retired generations; how many there were. The connection commits each statement.

    Raises:
        Stopped: at a checkpoint; the rest is removed by the next call.
    """
    found = await connection.execute(
        "SELECT id FROM source_generations WHERE model_id = %s AND source_id = %s AND state = 'retired' ORDER BY id",
        [model_id, source_id],
    )
    generations = [number for (number,) in await found.fetchall()]
    for generation in generations:
        await _remove(connection, generation, watch)
    return len(generations)


async def settle(connection: Connection) -> None:
    """Give the room of what was removed back, and tell the planner what is there now.

    Vacuumed pages also let the pages of a list be found in an index alone.
    """
    for table in (*_FILLED[:5], "sources"):
        await connection.execute(f"VACUUM (ANALYZE) {table}".encode())


async def tell_planner(connection: Connection) -> None:
    """Have counted what an import filled, before statements over all of it: what was known is of other sources."""
    for table in _FILLED[:5]:
        await connection.execute(f"ANALYZE {table}".encode())


async def _remove(connection: Connection, generation: int, watch: Watch) -> None:
    done = 0
    for table in _FILLED:
        while removed := await _slice(connection, table, generation):
            done += removed
            watch.tell("removing the data before", done, 0, "rows")
            await watch.checkpoint()
    await connection.execute("DELETE FROM source_generations WHERE id = %s", [generation])


async def _slice(connection: Connection, table: str, generation: int) -> int:
    statement = sql.SQL(
        "DELETE FROM {table} WHERE ctid = ANY(ARRAY(SELECT ctid FROM {table} WHERE generation_id = %s LIMIT %s))"
    ).format(table=sql.Identifier(table))
    return (await connection.execute(statement, [generation, SLICE])).rowcount
