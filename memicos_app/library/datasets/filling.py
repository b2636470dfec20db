"""A generation filled from batch files, one transaction a file, and all that must be remembered between files.

What is remembered can be recalled from the database after any file, so that an import that was killed goes on
as if it had never stopped: the rows come out the same, byte for byte.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from memicos_app.db.text import original, storable
from memicos_app.library import blocks
from memicos_app.library.datasets import copying, ledger
from memicos_app.library.datasets.activation_lines import Batch, KnownTexts, read_activations
from memicos_app.library.datasets.copying import Connection
from memicos_app.library.datasets.examples import MOST_EXAMPLES, Gathered, Kept, Stored
from memicos_app.library.datasets.layout import ExplanationLine, FeatureLine, RowLine
from memicos_app.library.datasets.line_embeddings import write_embeddings
from memicos_app.library.datasets.manifest import Object
from memicos_app.library.datasets.overview import Overview
from memicos_app.library.datasets.reading import Problems, read_lines
from memicos_app.library.datasets.rows import explanation_id, explanation_row, feature_row
from memicos_app.library.datasets.windows import Windows
from memicos_app.library.errors import BadInputError
from memicos_app.library.sequences import VOCABULARY_CHUNK

LINES_A_TURN = 2_000
MOST_PROBLEMS = 10_000
"""Problems of a file that are kept with their lines; all are counted."""
LONGEST_NAME = 500
"""Characters of an explanation's id, type or model."""
Kind = TypeVar("Kind", bound=RowLine)
Item = TypeVar("Item")
Turned = Callable[[int], Awaitable[None]]


class Filling:
    """One generation from its first file to its last."""

    def __init__(
        self, connection: Connection, generation: int, model_id: str, source_id: str, *, whole: bool = False
    ) -> None:
        """`whole`: refuse a damaged file rather than take what can be read of it."""
        self.connection, self.generation, self.whole = connection, generation, whole
        self.model_id, self.source_id = model_id, source_id
        self.overview = Overview()
        self.indices: set[int] = set()
        self._gathered, self._known_texts = Gathered(), KnownTexts()
        self._explanations: set[str] = set()
        self._expected = _lower(model_id, source_id)
        self._n_tokens = 0
        self._position = 0

    async def recall(self) -> None:
        """Remember what the files that are in the database left behind."""
        for index, density, most in await self._rows("SELECT index, density, max_activation FROM features"):
            self.indices.add(index)
            self.overview.add(index, density, most)
        self._explanations = {original(name) for (name,) in await self._rows("SELECT id FROM explanations")}
        files = await self._rows(
            "SELECT new_tokens, sharing FROM import_files", "AND state <> 'waiting' ORDER BY place"
        )
        strings = [token for tokens, _ in files if tokens for token in blocks.decode_vocabulary(tokens)]
        chunks = await self._rows("SELECT block FROM sequence_chunks", "AND chunk >= 0 ORDER BY chunk")
        sharing = all(sharing is not False for _, sharing in files)
        windows = await asyncio.to_thread(Windows.recalled, strings, [block for (block,) in chunks], sharing)
        self._gathered = Gathered(windows)
        self._gathered.stored = {index for (index,) in await self._rows("SELECT index FROM feature_examples")}
        self._n_tokens = len(strings)

    async def learn_indices(self, generation: int) -> None:
        """Take the features of another generation for this one's, which has explanations only."""
        found = await self.connection.execute("SELECT index FROM features WHERE generation_id = %s", [generation])
        self.indices = {index for (index,) in await found.fetchall()}

    async def fill(self, found: Object, path: Path, problems: Problems, turned: Turned) -> int:
        """Bring one file in, whole or not at all; how many of its lines are in the database.

        Args:
            turned: awaited now and then with the bytes of the file read so far; it may raise to stop.
        """
        of_kind: dict[str, Callable[..., Awaitable[int]]] = {
            "features": self._features,
            "activations": self._activations,
            "explanations": self._explained,
        }
        content_hash = await asyncio.to_thread(ledger.digest, path)
        self._position = 0
        async with self.connection.transaction():
            count = await of_kind[found.name.partition("/")[0]](found, path, problems, turned)
            if problems.damaged and self.whole:
                raise BadInputError(f"What is here stays: {problems.first[-1]}.", field="origin")
            tokens = self._gathered.windows.vocabulary(self._n_tokens) if self._gathered.windows.ordered else []
            self._n_tokens += len(tokens)
            await ledger.set_aside(self.connection, self.generation, path, problems)
            await ledger.finish(
                self.connection,
                self.generation,
                found,
                rows=count,
                problems=problems,
                content_hash=content_hash,
                new_tokens=blocks.encode_vocabulary(tokens) if tokens else None,
                sharing=self._gathered.windows.sharing,
            )
        return count

    async def finish(self) -> None:
        """Write what belongs to no file: the vocabulary."""
        windows = self._gathered.windows
        self.overview.n_sequences = windows.count
        strings = windows.vocabulary()
        rows = [(self.generation, VOCABULARY_CHUNK, blocks.encode_vocabulary(strings))] if strings else []
        async with self.connection.transaction():
            await self._forget_chunk(VOCABULARY_CHUNK)
            await copying.CHUNKS.copy(self.connection, rows)

    async def _features(self, found: Object, path: Path, problems: Problems, turned: Turned) -> int:
        count = 0
        async for turn in _turns(self._feature_rows(path, problems)):
            stored, refused = await copying.FEATURES.copy_what_fits(self.connection, [row for _, row in turn])
            bad = dict(refused)
            for place, (number, row) in enumerate(turn):
                if place in bad:
                    self.indices.discard(row[1])
                    problems.add(path, number, f"left out: {bad[place]}")
                else:
                    self.overview.add(row[1], row[2], row[3])
            count += stored
            await turned(self._position)
        return count

    def _feature_rows(self, path: Path, problems: Problems) -> Iterator[tuple[int, list[Any]]]:
        for number, line in self._lines(path, FeatureLine, problems):
            if line.index in self.indices:
                problems.add(path, number, f"left out: feature {line.index} came before")
                continue
            self.indices.add(line.index)
            yield number, feature_row(self.generation, line, partial(problems.add, path, number))

    async def _activations(self, found: Object, path: Path, problems: Problems, turned: Turned) -> int:
        gathered, count, met = self._gathered, 0, 0
        await self._forget_chunk(gathered.windows.written_chunks)
        batches = self._gather(path, problems)
        while (kept := await asyncio.to_thread(next, batches, None)) is not None:
            met += kept
            if gathered.full:
                count += await self._store()
            await turned(self._position)
        if gathered.n_waiting:
            count += await self._store()
        rows = ((self.generation, *chunk) for chunk in gathered.windows.incomplete())
        await copying.CHUNKS.copy(self.connection, rows)
        if count < met:
            problems.add(path, 0, f"left out: {met - count} examples; a feature keeps its {MOST_EXAMPLES} strongest")
        return count

    def _gather(self, path: Path, problems: Problems) -> Iterator[int]:
        """Gather a file's examples; how many were kept, batch by batch."""
        for batch in read_activations(path, problems, self._at, LINES_A_TURN, self._known_texts):
            kept = self._of_this_source(batch, path, problems)
            for number, message in kept.changed:
                problems.add(path, number, message)
            self._gathered.add(kept)
            yield len(kept)

    def _of_this_source(self, batch: Batch, path: Path, problems: Problems) -> Batch:
        """Examples of this source's features; the others are reported."""
        expected = self._expected
        ours = {owner: _lower(*owner) == expected for owner in set(batch.owners)}
        if all(ours.values()) and self.indices.issuperset(batch.indices.tolist()):
            return batch
        places = []
        for at, (number, owner, index) in enumerate(zip(batch.numbers, batch.owners, batch.indices, strict=True)):
            if not ours[owner]:
                problems.add(path, number, f"left out: it belongs to {owner[0]}/{owner[1]}")
            elif index not in self.indices:
                problems.add(path, number, f"left out: feature {index} is not in features/")
            else:
                places.append(at)
        return batch.taken(places)

    async def _store(self) -> int:
        """Store what is gathered; how many examples there are more than before."""
        gathered, connection = self._gathered, self.connection
        rows, again = await asyncio.to_thread(gathered.take)
        merged = [await self._merged(index, later) for index, later in again.items()]
        chunks = await asyncio.to_thread(gathered.windows.chunks)
        await connection.execute(
            "DELETE FROM feature_examples WHERE generation_id = %s AND index = ANY(%s)",
            [self.generation, list(again)],
        )
        stored = [*rows, *(one for one, _ in merged)]
        await copying.EXAMPLES.copy(
            connection, ((self.generation, one.index, one.format, one.n, one.block) for one in stored)
        )
        await copying.CHUNKS.copy(connection, ((self.generation, *chunk) for chunk in chunks))
        return sum(one.n for one in stored) - sum(before for _, before in merged)

    async def _merged(self, index: int, later: list[Kept]) -> tuple[Stored, int]:
        """A feature's row with what came later, and how many examples it had."""
        found = await self.connection.execute(
            "SELECT block, n FROM feature_examples WHERE generation_id = %s AND index = %s", [self.generation, index]
        )
        row = await found.fetchone()
        assert row is not None
        return self._gathered.merge(index, row[0], later), row[1]

    async def _explained(self, found: Object, path: Path, problems: Problems, turned: Turned) -> int:
        known_since, count = found.modified or datetime.now(UTC), 0
        async for turn in _turns(self._explanation_lines(path, problems)):
            await _add_names(self.connection, [line for _, line in turn])
            rows = [
                explanation_row(self.generation, self.model_id, self.source_id, line, known_since) for _, line in turn
            ]
            stored, refused = await copying.EXPLANATIONS.copy_what_fits(self.connection, rows)
            for place, why in refused:
                problems.add(path, turn[place][0], f"left out: {why}")
                self._explanations.discard(explanation_id(turn[place][1]))
            count += stored
            await write_embeddings(self.connection, self.generation, path, turn, problems)
            await turned(self._position)
        return count

    def _explanation_lines(self, path: Path, problems: Problems) -> Iterator[tuple[int, ExplanationLine]]:
        for number, line in self._lines(path, ExplanationLine, problems):
            name = explanation_id(line)
            if line.index not in self.indices:
                problems.add(path, number, f"left out: feature {line.index} is not in features/")
            elif name in self._explanations:
                problems.add(path, number, f"left out: explanation {name} came before")
            elif long := _too_long(name, line):
                problems.add(path, number, f"left out: {long}")
            else:
                self._explanations.add(name)
                yield number, line

    def _lines(self, path: Path, kind: type[Kind], problems: Problems) -> Iterator[tuple[int, Kind]]:
        """Lines of this source; a line that speaks of another is reported."""
        expected = self._expected
        for number, line in read_lines(path, kind, problems, self._at):
            if _lower(line.model_id, line.layer) == expected:
                yield number, line
            else:
                problems.add(path, number, f"left out: it belongs to {line.model_id}/{line.layer}")

    def _at(self, position: int) -> None:
        self._position = position

    async def _forget_chunk(self, number: int) -> None:
        await self.connection.execute(
            "DELETE FROM sequence_chunks WHERE generation_id = %s AND chunk = %s", [self.generation, number]
        )

    async def _rows(self, select: str, rest: str = "") -> list[Any]:
        found = await self.connection.execute(f"{select} WHERE generation_id = %s {rest}".encode(), [self.generation])
        return await found.fetchall()


def _lower(model_id: str, source_id: str) -> tuple[str, str]:
    """Names as they are compared."""
    return model_id.lower(), source_id.lower()


async def _turns(items: Iterator[Item]) -> AsyncIterator[list[Item]]:
    """Items in lists, each read in a thread while the event loop goes on."""
    while turn := await asyncio.to_thread(_take, items):
        yield turn


def _take(items: Iterator[Item]) -> list[Item]:
    return list(islice(items, LINES_A_TURN))


def _too_long(name: str, line: ExplanationLine) -> str:
    """What of an explanation is longer than an index can hold."""
    names = {"id": name, "typeName": line.type_name or "", "explanationModelName": line.explanation_model_name or ""}
    for field, value in names.items():
        if len(value) > LONGEST_NAME:
            return f"{field} has {len(value)} characters, more than {LONGEST_NAME}"
    return ""


async def _add_names(connection: Connection, lines: list[ExplanationLine]) -> None:
    """Types and models of explanations that no config file spoke of, under their bare names."""
    types = {line.type_name for line in lines if line.type_name}
    models = {line.explanation_model_name for line in lines if line.explanation_model_name}
    for table, names in (("explanation_types", types), ("explanation_models", models)):
        for name in sorted(names):
            await connection.execute(
                f"INSERT INTO {table} (name, display_name) VALUES (%s, %s) ON CONFLICT DO NOTHING",
                [storable(name)] * 2,
            )
