"""Short hashes of what an import wrote, row by row, by which a changed, lost or added row is found later.

A row's hash is the first 8 bytes of the MD5 of its values as Postgres sends them, so it survives a dump and does
not depend on settings. Numbers that differ between databases (generation, running numbers) are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from memicos_app.library.datasets.copying import CHUNKS, EXAMPLES, EXPLANATIONS, FEATURES, Connection, Target

PART = 1024
"""Features whose rows are summed together."""
WIDTH = 8
"""Bytes of a hash."""


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
    return f"substring(decode(md5(record_send(ROW({values}))), 'hex') FOR {WIDTH})"


def _own(target: Target, only: str = "true") -> Summed:
    columns = [f't."{name}"' for name in target.columns if name != "generation_id"]
    tables = f"{target.table} AS t WHERE t.generation_id = %(g)s AND {only}"
    return Summed(target.table, tables, columns[0], columns[0], ", ".join(columns))


_IMPORTED = """NOT EXISTS (
    SELECT FROM features AS f WHERE f.generation_id = t.generation_id AND f.index = t.index AND f.uploaded
)"""


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
SUMMED = (_own(FEATURES, "NOT t.uploaded"), _own(EXAMPLES, _IMPORTED), _own(CHUNKS), *EXPLAINED)


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


async def forget(connection: Connection, generation: int, indices: Sequence[int]) -> None:
    """Take features out of the sums that are being replaced by somebody's own, in the caller's transaction."""
    for name in (FEATURES.table, EXAMPLES.table):
        keys = await connection.execute(
            f"SELECT i / {PART}, {_hash('i')} FROM unnest(CAST(%s AS integer[])) AS t (i)".encode(), [list(indices)]
        )
        gone: dict[int, set[bytes]] = {}
        for part, key in await keys.fetchall():
            gone.setdefault(part, set()).add(bytes(key))
        for part, those in gone.items():
            await _forget_part(connection, (generation, name, part), those)


async def _forget_part(connection: Connection, address: tuple[int, str, int], those: set[bytes]) -> None:
    where = "WHERE generation_id = %s AND table_name = %s AND part = %s"
    found = await connection.execute(f"SELECT keys, hashes FROM import_sums {where}".encode(), address)
    row = await found.fetchone()
    if row is None:
        return
    keys, hashes = map(_pieces, row)
    kept = [place for place, key in enumerate(keys) if key not in those]
    if not kept:
        await connection.execute(f"DELETE FROM import_sums {where}".encode(), address)
        return
    await connection.execute(
        f"UPDATE import_sums SET keys = %s, hashes = %s {where}".encode(),
        [b"".join(keys[place] for place in kept), b"".join(hashes[place] for place in kept), *address],
    )


def _pieces(packed: bytes) -> list[bytes]:
    return [bytes(packed[start : start + WIDTH]) for start in range(0, len(packed), WIDTH)]
