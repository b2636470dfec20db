"""Embedders that the database knows: a number for each model and its dimensions, vectors and indexes under it.

An embedder's number is a bit of `explanations.embedded`, so there are at most 30.
"""

from __future__ import annotations

from dataclasses import dataclass

from memicos_app.db.explanations import HNSW, unembedded
from memicos_app.db.session import raw_connection
from memicos_app.db.text import original, storable
from memicos_app.library.errors import ConflictError
from memicos_app.library.query import row, rows, rows_in, run_in, writing

MOST = 30
_LOCK = 0x6D656D62  # Any constant of our own: one process at a time makes an embedder's indexes.


@dataclass(frozen=True, slots=True)
class Known:
    """An embedder that has, or may have, vectors here."""

    id: int
    name: str
    dimensions: int

    @property
    def index(self) -> str:
        """The name of its index."""
        return f"explanation_embeddings_{self.id}_idx"


async def known() -> list[Known]:
    """Every embedder that vectors may be of, by number."""
    found = await rows("SELECT id, name, dimensions FROM embedders ORDER BY id")
    return [Known(one["id"], original(one["name"]), one["dimensions"]) for one in found]


async def with_vectors() -> list[Known]:
    """Those that have at least one vector."""
    found = await rows(
        """
        SELECT m.id, m.name, m.dimensions FROM embedders AS m CROSS JOIN LATERAL (
            SELECT FROM explanation_embeddings AS e WHERE e.embedder_id = m.id
            ORDER BY e.embedder_id, e.explanation_number LIMIT 1  -- The order asks for the key's index.
        ) AS one ORDER BY m.id
        """
    )
    return [Known(one["id"], original(one["name"]), one["dimensions"]) for one in found]


async def number_of(name: str, dimensions: int) -> int:
    """The number of a model with so many dimensions, a new one where it has none.

    Raises:
        ConflictError: there are too many embedders.
    """
    wanted = {"name": storable(name), "dimensions": dimensions}
    of_name = "SELECT id FROM embedders WHERE name = :name AND dimensions = :dimensions ORDER BY id LIMIT 1"
    if (found := await row(of_name, **wanted)) is not None:
        return int(found["id"])
    async with writing() as writer:
        await run_in(writer, "LOCK TABLE embedders IN SHARE ROW EXCLUSIVE MODE")
        new = "INSERT INTO embedders (id, name, dimensions) SELECT max(id) + 1, :name, :dimensions FROM embedders"
        if not await rows_in(writer, of_name, **wanted):
            if (await rows_in(writer, "SELECT max(id) AS id FROM embedders"))[0]["id"] >= MOST:
                raise ConflictError(f"There are {MOST} embedders already.", field="EMBEDDINGS_MODEL")
            await run_in(writer, new, **wanted)
        number = int((await rows_in(writer, of_name, **wanted))[0]["id"])
        await writer.commit()
    return number


async def ensure_indexes(embedder_id: int, dimensions: int) -> None:
    """Make the indexes of an embedder where they are missing; quick where they are there."""
    names = (f"explanation_embeddings_{embedder_id}_idx", f"explanations_unembedded_{embedder_id}_idx")
    found = await rows("SELECT relname FROM pg_class WHERE relname = ANY(:names)", names=list(names))
    if len(found) == len(names):
        return
    async with raw_connection() as connection:
        await connection.set_autocommit(True)
        await connection.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        await connection.execute(
            f"""
            CREATE INDEX IF NOT EXISTS {names[1]} ON explanations (model_id, source_id, number)
            WHERE {unembedded(embedder_id)}
            """.encode()
        )
        await connection.execute(vector_index(embedder_id, dimensions, names[0]).encode())


def vector_index(embedder_id: int, dimensions: int, name: str) -> str:
    """The statement that builds an embedder's index."""
    options = ", ".join(f"{key} = {value}" for key, value in HNSW.items())
    return f"""
        CREATE INDEX IF NOT EXISTS {name} ON explanation_embeddings
        USING hnsw ((embedding::halfvec({dimensions})) halfvec_cosine_ops) WITH ({options})
        WHERE embedder_id = {embedder_id}
    """
