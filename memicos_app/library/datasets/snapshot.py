"""All that is stored of one source, as one moment saw it: batches of 1,024 indices, read a piece at a time.

Everything comes from one transaction that sees no change made after it began, so that an export is of one state
however long it takes, and a source that is replaced or deleted meanwhile is still read to its end.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal

import psycopg
from psycopg.rows import dict_row

from memicos_app.db import session
from memicos_app.library import blocks, sequences
from memicos_app.library.blocks import INLINE, REFERENCES, Block
from memicos_app.library.datasets.copying import Connection
from memicos_app.library.datasets.lines import (
    Line,
    Names,
    Texts,
    Window,
    activation_lines,
    encoded,
    explanation_line,
    feature_line,
)
from memicos_app.library.errors import NotFoundError, UnavailableError
from memicos_app.library.explanations import CURRENT
from memicos_app.library.query import Row
from memicos_app.library.score_rows import JUDGED, OWN_SCORES
from memicos_app.library.sequences import PER_CHUNK, VOCABULARY_CHUNK, ByteCache

Kind = Literal["features", "activations", "explanations"]
PER_BATCH = 1024
_LINES_A_PIECE = 4_000
_CACHED = 64 << 20
_BYTES_A_TOKEN = 8


@dataclass(frozen=True, slots=True)
class Batch:
    """One file to be: what stored rows it comes from, and what identifies their present state."""

    kind: Kind
    number: int
    n_features: int
    n_lines: int
    state: str

    @property
    def name(self) -> str:
        """Its file's name in the layout."""
        return f"{self.kind}/batch-{self.number}.jsonl.gz"

    @property
    def bounds(self) -> tuple[int, int]:
        """First and last index."""
        return self.number * PER_BATCH, self.number * PER_BATCH + PER_BATCH - 1


@dataclass(frozen=True, slots=True)
class Catalogued:
    """Rows about a source: its own and those it belongs to."""

    model: Row
    release: Row | None
    source_set: Row
    source: Row
    types: Sequence[Row]
    explainers: Sequence[Row]


@asynccontextmanager
async def snapshot(model_id: str, source_id: str) -> AsyncIterator[Snapshot]:
    """The present state of a source, for as long as the block lasts.

    Raises:
        NotFoundError: there is no such source here, or nothing of it is imported.
        UnavailableError: the database went away.
    """
    try:
        async with session.raw_connection() as connection:
            await connection.set_isolation_level(psycopg.IsolationLevel.REPEATABLE_READ)
            await connection.set_read_only(True)
            yield await _opened(connection, model_id, source_id)
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise UnavailableError("The database went away; what was written is kept, try again.") from error


async def _opened(connection: Connection, model_id: str, source_id: str) -> Snapshot:
    reader = Snapshot(connection, Names(model_id, source_id, ""), 0)
    found = await reader.rows(
        "SELECT set_name, current_generation FROM sources WHERE model_id = %s AND id = %s", [model_id, source_id]
    )
    if not found:
        raise NotFoundError(f"There is no source {model_id}/{source_id} here.", field="source_id")
    if found[0]["current_generation"] is None:
        raise NotFoundError(f"Nothing of {model_id}/{source_id} is imported.", field="source_id")
    names = Names(model_id, source_id, found[0]["set_name"])
    return Snapshot(connection, names, found[0]["current_generation"])


class Snapshot:
    """Reads within the one transaction."""

    def __init__(self, connection: Connection, names: Names, generation: int) -> None:
        self.names, self.generation = names, generation
        self._connection = connection
        self._chunks: ByteCache[list[Window]] = ByteCache(_CACHED)
        self._texts: Texts | None = None

    async def rows(self, sql: str, values: Sequence[Any], *, binary: bool = False) -> list[dict[str, Any]]:
        """All rows of a statement."""
        async with self._connection.cursor(row_factory=dict_row, binary=binary) as cursor:
            await cursor.execute(sql.encode(), values)
            return await cursor.fetchall()

    async def cards(self) -> Catalogued:
        """Rows of the catalog that go with the source."""
        model_id, source_id, set_name = self.names.model_id, self.names.source_id, self.names.set_name
        model = await self.rows("SELECT * FROM models WHERE id = %s", [model_id])
        source_set = await self.rows(
            "SELECT * FROM source_sets WHERE model_id = %s AND name = %s", [model_id, set_name]
        )
        release = await self.rows("SELECT * FROM releases WHERE name = %s", [source_set[0]["release_name"]])
        source = await self.rows("SELECT * FROM sources WHERE model_id = %s AND id = %s", [model_id, source_id])
        types = await self.rows('SELECT * FROM explanation_types ORDER BY name COLLATE "C"', [])
        explainers = await self.rows('SELECT * FROM explanation_models ORDER BY name COLLATE "C"', [])
        return Catalogued(model[0], release[0] if release else None, source_set[0], source[0], types, explainers)

    async def batches(self) -> list[Batch]:
        """The files there will be, in the order in which they are written; none is empty."""
        made: list[Batch] = []
        for kind, states in _STATES.items():
            found = await self.rows(states, self._values(kind))
            made += (Batch(kind, one["batch"], one["features"], one["lines"], one["state"]) for one in found)
        return made

    async def untold(self) -> int:
        """How many explanations no file holds: their feature is gone, or another has the same id."""
        values = self._values("explanations")
        found = await self.rows(
            f"""
            SELECT (SELECT count(*) FROM {_EXPLANATIONS} WHERE {_CURRENT_HERE})
                 - (SELECT count(*) FROM {_EXPLANATIONS} WHERE {_TOLD}) AS n
            """,
            values * 2,
        )
        return int(found[0]["n"])

    async def pieces(self, batch: Batch) -> AsyncIterator[tuple[bytes, int]]:
        """A batch's lines, a few thousand at a time, each piece with their number; made in a thread."""
        if batch.kind == "activations":
            async for low, high in self._spans(batch):
                found = await self.rows(_BLOCKS, [self.generation, low, high], binary=True)
                yield await self._examples(found)
        else:
            found = await self.rows(_ROWS[batch.kind], [*self._values(batch.kind), *batch.bounds])
            lines = feature_line if batch.kind == "features" else explanation_line
            yield await asyncio.to_thread(_joined, (lines(self.names, one) for one in found))

    async def _spans(self, batch: Batch) -> AsyncIterator[tuple[int, int]]:
        """Ranges of indices that hold some thousand examples each, or one feature."""
        sizes = await self.rows(_SIZES, [self.generation, *batch.bounds])
        first, total = batch.bounds[0], 0
        for one in sizes:
            if total and total + one["n"] > _LINES_A_PIECE:
                yield first, one["index"] - 1
                first, total = one["index"], 0
            total += one["n"]
        yield first, batch.bounds[1]

    async def _examples(self, found: Sequence[Row]) -> tuple[bytes, int]:
        decoded = await asyncio.to_thread(lambda: [blocks.decode(one["block"]) for one in found])
        texts = await self._vocabulary()
        chunks = await self._load(sequences.chunks_of(decoded), texts)

        def windows(block: Block) -> Sequence[Window]:
            if block.format == INLINE:
                return block.windows()
            if block.format == REFERENCES:
                return [chunks[number // PER_CHUNK][number % PER_CHUNK] for number in block.sequences()]
            return [texts.window(ids) for ids in block.token_ids()]

        pairs = zip(found, decoded, strict=True)
        lines = chain.from_iterable(
            activation_lines(self.names, one["index"], block, windows(block)) for one, block in pairs
        )
        return await asyncio.to_thread(_joined, lines)

    async def _load(self, numbers: set[int], texts: Texts) -> dict[int, list[Window]]:
        """Shared windows as JSON by chunk; those met last are kept."""
        found = {number: self._chunks.get(_key(number)) for number in numbers}
        missing = [number for number, chunk in found.items() if chunk is None]
        for one in await self.rows(_CHUNKS, [self.generation, missing], binary=True) if missing else []:
            decoded = blocks.decode_chunk(one["block"])
            chunk = [texts.window(ids) for ids in decoded]
            self._chunks.put(_key(one["chunk"]), chunk, sum(_BYTES_A_TOKEN * len(ids) + 100 for ids in decoded))
            found[one["chunk"]] = chunk
        return {number: chunk for number, chunk in found.items() if chunk is not None}

    async def _vocabulary(self) -> Texts:
        if self._texts is None:
            found = await self.rows(_CHUNKS, [self.generation, [VOCABULARY_CHUNK]], binary=True)
            self._texts = Texts(blocks.decode_vocabulary(found[0]["block"]) if found else [])
        return self._texts

    def _values(self, kind: Kind) -> list[Any]:
        if kind == "explanations":
            return [self.names.model_id, self.names.source_id]
        return [self.generation]


def _joined(lines: Iterable[Line]) -> tuple[bytes, int]:
    parts = [encoded(line) for line in lines]
    return b"".join(parts), len(parts)


def _key(number: int) -> tuple[str, str, int, int]:
    return "", "", 0, number


_EXPLANATIONS = "explanations AS x JOIN sources AS s ON s.model_id = x.model_id AND s.id = x.source_id"
_CURRENT_HERE = f"x.model_id = %s AND x.source_id = %s AND {CURRENT}"
# Of features that are there, and each id once: other importers refuse the rest.
_TOLD = f"""
    {_CURRENT_HERE}
    AND EXISTS (SELECT FROM features AS f WHERE f.generation_id = s.current_generation AND f.index = x.index)
    AND NOT EXISTS (
        SELECT FROM explanations AS y
        WHERE y.id = x.id AND y.number < x.number AND y.model_id = x.model_id AND y.source_id = x.source_id
            AND {CURRENT.replace("x.", "y.")}
    )
"""
# A row's xmin names the transaction that wrote it: rows of the same names and writers are the same rows.
_STATES: dict[Kind, str] = {
    "features": f"""
        SELECT index / {PER_BATCH} AS batch, count(*) AS features, count(*) AS lines,
               md5(string_agg(index || ':' || xmin, ',' ORDER BY index)) AS state
        FROM features WHERE generation_id = %s GROUP BY 1 ORDER BY 1
    """,
    "activations": f"""
        SELECT index / {PER_BATCH} AS batch, count(*) AS features, sum(n)::bigint AS lines,
               md5(string_agg(index || ':' || xmin, ',' ORDER BY index)) AS state
        FROM feature_examples WHERE generation_id = %s GROUP BY 1 ORDER BY 1
    """,
    "explanations": f"""
        SELECT x.index / {PER_BATCH} AS batch, count(DISTINCT x.index) AS features, count(*) AS lines,
               md5(string_agg(x.number || ':' || x.xmin || ':' || coalesce((
                   SELECT string_agg(e.embedder_id || '=' || e.xmin, '+' ORDER BY e.embedder_id)
                   FROM explanation_embeddings AS e WHERE e.explanation_number = x.number
               ), '') || ':' || coalesce({OWN_SCORES}::text, ''), ',' ORDER BY x.number)) AS state
        FROM {_EXPLANATIONS} WHERE {_TOLD} GROUP BY 1 ORDER BY 1
    """,
}
_ROWS: dict[Kind, str] = {
    "features": "SELECT * FROM features WHERE generation_id = %s AND index BETWEEN %s AND %s ORDER BY index",
    # In the order of their numbers, which decides between equals: an import numbers them the same way.
    "explanations": f"""
        SELECT x.*, coalesce(u.name, x.author_name) AS author, (
            SELECT jsonb_object_agg(m.name, e.embedding::text)
            FROM explanation_embeddings AS e JOIN embedders AS m ON m.id = e.embedder_id
            WHERE e.explanation_number = x.number
        ) AS embeddings, {JUDGED} AS own_scores
        FROM {_EXPLANATIONS} LEFT JOIN users AS u ON u.id = x.author_id
        WHERE {_TOLD} AND x.index BETWEEN %s AND %s
        ORDER BY x.index, x.number
    """,
}
_SIZES = """
    SELECT index, n FROM feature_examples WHERE generation_id = %s AND index BETWEEN %s AND %s ORDER BY index
"""
_BLOCKS = """
    SELECT index, block FROM feature_examples WHERE generation_id = %s AND index BETWEEN %s AND %s ORDER BY index
"""
_CHUNKS = "SELECT chunk, block FROM sequence_chunks WHERE generation_id = %s AND chunk = ANY(%s)"
