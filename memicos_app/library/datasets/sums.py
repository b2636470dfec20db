"""Short hashes of what an import wrote, row by row, by which a changed, lost or added row is found later.

A row's hash is the first 8 bytes of the MD5 of its values as Postgres sends them, so it survives a dump and does
not depend on settings. Numbers that differ between databases (generation, running numbers) are left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from memicos_app.library.datasets.copying import CHUNKS, EXAMPLES, EXPLANATIONS, FEATURES, Connection, Target

PART = 1024
"""Features whose rows are summed together."""


@dataclass(frozen=True, slots=True)
class Summed:
    """A table, or a part of one, whose rows an import alone writes."""

    name: str
    tables: str
    position: str
    key: str
    values: str

    @property
    def select(self) -> str:
        """Rows of a generation (`%(g)s`) whose position lies in a range, with the hash of key and values."""
        return f"""
            SELECT {_hash(self.key)} AS key, {_hash(self.values)} AS hash, {self.position} AS position
            FROM {self.tables} AND {self.position} BETWEEN %(low)s AND %(high)s
        """


def _hash(values: str) -> str:
    return f"substring(decode(md5(record_send(ROW({values}))), 'hex') FOR 8)"


def _own(target: Target) -> Summed:
    columns = [f't."{name}"' for name in target.columns if name != "generation_id"]
    return Summed(
        target.table, f"{target.table} AS t WHERE t.generation_id = %(g)s", columns[0], columns[0], ", ".join(columns)
    )


_EXPLANATIONS = Summed(
    "explanations",
    "explanations AS t WHERE t.generation_id = %(g)s",
    't."index"',
    't."index", t.id',
    ", ".join(f't."{name}"' for name in EXPLANATIONS.columns if name != "generation_id"),
)
_EMBEDDINGS = Summed(
    "explanation_embeddings",
    "explanation_embeddings AS e JOIN explanations AS t ON t.number = e.explanation_number "
    "WHERE t.generation_id = %(g)s",
    't."index"',
    't."index", t.id, e.embedder_id',
    't."index", t.id, e.embedder_id, halfvec_send(e.embedding)',
)
EXPLAINED = (_EXPLANATIONS, _EMBEDDINGS)
SUMMED = (_own(FEATURES), _own(EXAMPLES), _own(CHUNKS), *EXPLAINED)


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
