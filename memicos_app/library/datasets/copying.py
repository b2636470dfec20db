"""Rows into tables by COPY, the one fast way; in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import AsyncConnection, sql
from psycopg.rows import TupleRow

Connection = AsyncConnection[TupleRow]


@dataclass(frozen=True, slots=True)
class Target:
    """A table and the columns to fill, with their types' names in Postgres."""

    table: str
    columns: dict[str, str]

    async def copy(self, connection: Connection, rows: Iterable[Sequence[Any]]) -> int:
        """Append rows; their values stand in the order of `columns`. Returns how many there were."""
        names = sql.SQL(", ").join(map(sql.Identifier, self.columns))
        statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(sql.Identifier(self.table), names)
        count = 0
        async with connection.cursor() as cursor, cursor.copy(statement) as copy:
            copy.set_types(list(self.columns.values()))
            for row in rows:
                await copy.write_row(row)
                count += 1
        return count

    async def copy_what_fits(
        self, connection: Connection, rows: Sequence[Sequence[Any]]
    ) -> tuple[int, list[tuple[int, str]]]:
        """Append rows; one that the database refuses is left out: its place among them, and why.

        In a transaction of the caller's, which goes on in any case.
        """
        try:
            async with connection.transaction():
                return await self.copy(connection, rows), []
        except _REFUSED as error:
            if len(rows) == 1:
                return 0, [(0, _sentence(error))]
        half = len(rows) // 2
        first, early = await self.copy_what_fits(connection, rows[:half])
        second, late = await self.copy_what_fits(connection, rows[half:])
        return first + second, [*early, *((half + place, why) for place, why in late)]


_REFUSED = (psycopg.DataError, psycopg.IntegrityError, psycopg.errors.ProgramLimitExceeded)
"""What is wrong with a row, not with the database."""


def _sentence(error: psycopg.Error) -> str:
    return (error.diag.message_primary or str(error)).strip()[:300]


FEATURES = Target(
    "features",
    {
        "generation_id": "int4",
        "index": "int4",
        "density": "float4",
        "max_activation": "float4",
        "negative_tokens": "text[]",
        "negative_values": "float4[]",
        "positive_tokens": "text[]",
        "positive_values": "float4[]",
        "histograms": "bytea",
        "similar_indices": "int4[]",
        "similar_cosines": "float4[]",
        "correlated_indices": "int4[]",
        "correlated_pearson": "float4[]",
        "correlated_l1": "float4[]",
        "has_vector": "bool",
        "extra": "jsonb",
    },
)
EXAMPLES = Target(
    "feature_examples",
    {"generation_id": "int4", "index": "int4", "format": "int2", "n": "int2", "block": "bytea"},
)
CHUNKS = Target("sequence_chunks", {"generation_id": "int4", "chunk": "int4", "block": "bytea"})
EXPLANATIONS = Target(
    "explanations",
    {
        "id": "text",
        "model_id": "text",
        "source_id": "text",
        "index": "int4",
        "generation_id": "int4",
        "description": "text",
        "type_name": "text",
        "explainer": "text",
        "author_name": "text",
        "notes": "text",
        "dataset_score": "float4",
        "scores": "jsonb",
        "extra": "jsonb",
        "created_at": "timestamptz",
    },
)
