"""Short hashes of what an import wrote, row by row, by which a changed, lost or added row is found later.

A row's hash is the first 8 bytes of the MD5 of its values as Postgres sends them, so it survives a dump and does
not depend on settings. Left out are numbers that differ between databases (generation, running numbers) and
explanations from top tokens, which can be written anew at any time, and features that somebody uploaded.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from memicos_app.library.datasets.copying import CHUNKS, EXAMPLES, EXPLANATIONS, FEATURES, Connection, Target

PART = 1024
"""Features whose rows are summed together."""
_SIZE = 8
Sums = dict[bytes, bytes]
"""Hashes of rows by their keys; a key begins with the row's position."""


@dataclass(frozen=True, slots=True)
class Summed:
    """Rows of a table that an import alone writes."""

    name: str
    tables: str
    position: str
    key: str
    values: str
    grows: bool = False
    """Whether rows are added later: explanations are embedded when there is time."""

    @property
    def select(self) -> str:
        """Rows of a generation (`%(g)s`) between two positions (`%(low)s`, `%(high)s`), with key and hash."""
        key = f"int4send({self.position}) || substring({_md5(self.key)} FOR 4)"
        return f"""
            SELECT {key} AS key, substring({_md5(self.values)} FOR {_SIZE}) AS hash, {self.position} AS position
            FROM {self.tables} AND {self.position} BETWEEN %(low)s AND %(high)s
        """


def _md5(values: str) -> str:
    return f"decode(md5(record_send(ROW({values}))), 'hex')"


def _values(target: Target) -> str:
    return ", ".join(f't."{name}"' for name in target.columns if name != "generation_id")


_INDEX = 't."index"'
_OF_GENERATION = "t.generation_id = %(g)s"
_WRITTEN_ONCE = f"{_OF_GENERATION} AND t.type_name IS DISTINCT FROM 'top-tokens'"
# Not a join: of tables that were only just filled, the planner knows nothing, and would compare all with all.
_NOT_UPLOADED = f"""{_OF_GENERATION} AND t.index NOT IN (
    SELECT f.index FROM features AS f WHERE f.generation_id = %(g)s AND f.uploaded
)"""
_FEATURES = Summed(
    "features", f"features AS t WHERE {_OF_GENERATION} AND NOT t.uploaded", _INDEX, _INDEX, _values(FEATURES)
)
_EXAMPLES = Summed(
    "feature_examples", f"feature_examples AS t WHERE {_NOT_UPLOADED}", _INDEX, _INDEX, _values(EXAMPLES)
)
_CHUNKS = Summed(
    "sequence_chunks", f"sequence_chunks AS t WHERE {_OF_GENERATION}", "t.chunk", "t.chunk", _values(CHUNKS)
)
_EXPLANATIONS = Summed(
    "explanations", f"explanations AS t WHERE {_WRITTEN_ONCE}", _INDEX, "t.id", _values(EXPLANATIONS)
)
_EMBEDDINGS = Summed(
    "explanation_embeddings",
    f"explanation_embeddings AS e JOIN explanations AS t ON t.number = e.explanation_number WHERE {_WRITTEN_ONCE}",
    _INDEX,
    "t.id, e.embedder_id",
    "halfvec_send(e.embedding)",
    grows=True,
)
EXPLAINED = (_EXPLANATIONS, _EMBEDDINGS)
SUMMED = (_FEATURES, _EXAMPLES, _CHUNKS, *EXPLAINED)


async def record(connection: Connection, generation: int, tables: Iterable[Summed] = SUMMED) -> None:
    """Sum what a generation holds, in place of earlier sums."""
    for one in tables:
        async with connection.transaction():
            await connection.execute(
                "DELETE FROM import_sums WHERE generation_id = %s AND table_name = %s", [generation, one.name]
            )
            await connection.execute(
                f"""
                INSERT INTO import_sums (generation_id, table_name, part, keys, hashes)
                SELECT %(g)s, %(name)s, floor(position / {PART}.0),
                    string_agg(key, ''::bytea ORDER BY key), string_agg(hash, ''::bytea ORDER BY key)
                FROM ({one.select}) AS r GROUP BY 3
                """.encode(),
                {"g": generation, "name": one.name, "low": -(2**31), "high": 2**31 - 1},
            )


async def forget(connection: Connection, generation: int, indices: Collection[int]) -> None:
    """Take features out of the sums that are being replaced by somebody's own, in the caller's transaction."""
    gone = set(indices)
    for one in (_FEATURES, _EXAMPLES):
        for part in {index // PART for index in gone}:
            written = await recorded(connection, generation, one, part)
            kept = {key: hashed for key, hashed in written.items() if position(key) not in gone}
            await connection.execute(
                "UPDATE import_sums SET keys = %s, hashes = %s "
                "WHERE generation_id = %s AND table_name = %s AND part = %s",
                [b"".join(kept), b"".join(kept.values()), generation, one.name, part],
            )
    await connection.execute(
        "DELETE FROM import_sums WHERE generation_id = %s AND octet_length(keys) = 0", [generation]
    )


async def parts(connection: Connection, generation: int, one: Summed) -> list[int]:
    """Parts of a table that were summed or hold rows now."""
    found = await connection.execute(
        f"""
        SELECT part FROM import_sums WHERE generation_id = %(g)s AND table_name = %(name)s
        UNION SELECT DISTINCT floor({one.position} / {PART}.0)::integer FROM {one.tables} ORDER BY 1
        """.encode(),
        {"g": generation, "name": one.name},
    )
    return [number for (number,) in await found.fetchall()]


async def recorded(connection: Connection, generation: int, one: Summed, part: int) -> Sums:
    """What the import wrote."""
    found = await connection.execute(
        "SELECT keys, hashes FROM import_sums WHERE generation_id = %s AND table_name = %s AND part = %s",
        [generation, one.name, part],
    )
    row = await found.fetchone()
    return dict(zip(_pieces(row[0]), _pieces(row[1]), strict=True)) if row else {}


async def present(connection: Connection, generation: int, one: Summed, part: int) -> Sums:
    """What the database holds."""
    found = await connection.execute(
        one.select.encode(), {"g": generation, "low": part * PART, "high": part * PART + PART - 1}
    )
    return {bytes(key): bytes(hashed) for key, hashed, _ in await found.fetchall()}


def position(key: bytes) -> int:
    """Index of the feature (or number of the chunk) that a key is about."""
    return int.from_bytes(key[:4], "big", signed=True)


def _pieces(data: bytes) -> Iterator[bytes]:
    return (data[at : at + _SIZE] for at in range(0, len(data), _SIZE))
