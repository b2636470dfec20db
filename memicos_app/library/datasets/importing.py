"""A source in the public layout brought into the database, from a folder on this machine.

Everything goes into a new generation that nobody sees; at the end readers are switched to it in one
transaction. A killed import leaves nothing visible and is simply run again. Reading and packing happen in a
thread, so that an event loop that imports stays awake.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Literal, TypeVar

from memicos_app.db.text import storable
from memicos_app.library import presets
from memicos_app.library.datasets import copying, generations, layout
from memicos_app.library.datasets.cards import check_cards, write_cards
from memicos_app.library.datasets.copying import Connection
from memicos_app.library.datasets.examples import Gathered, Kept, Stored
from memicos_app.library.datasets.layout import ActivationLine, ExplanationLine, FeatureLine, RowLine
from memicos_app.library.datasets.line_embeddings import write_embeddings
from memicos_app.library.datasets.origins import AvailableSource, read_cards
from memicos_app.library.datasets.overview import Overview
from memicos_app.library.datasets.reading import Problems, read_lines
from memicos_app.library.datasets.rows import explanation_id, explanation_row, feature_row
from memicos_app.library.errors import NotFoundError
from memicos_app.library.sequences import VOCABULARY_CHUNK

Step = Literal["features", "activations", "explanations", "finishing"]
MOST_WAITING = 50_000
"""Examples that are gathered before they are stored, whatever the files' sizes."""
_LINES_A_TURN = 2_000
Kind = TypeVar("Kind", bound=RowLine)


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """How far an import is: bytes of batch files done of all, and what is being read."""

    step: Step
    done: int
    total: int


Progress = Callable[[ImportProgress], None]


@dataclass(slots=True)
class ImportReport:
    """What an import did, and every line that it could not use as it was."""

    model_id: str
    source_id: str
    n_features: int = 0
    n_examples: int = 0
    n_sequences: int = 0
    n_explanations: int = 0
    seconds: float = 0.0
    problems: Problems = field(default_factory=Problems)


async def import_source(
    origin: Path | str, model_id: str, source_id: str, *, progress: Progress | None = None
) -> ImportReport:
    """Import `<origin>/v1/{model_id}/{source_id}/`; a source that is there already is replaced when complete.

    Embeddings of explanations that come without are not made here, see `library/embeddings.py`.

    Raises:
        NotFoundError: the origin holds no such source.
        UnavailableError: another process is importing it.
    """
    folder = layout.source_folder(Path(origin), model_id, source_id)
    if not layout.batches(folder, "features"):
        raise NotFoundError(f"{folder} holds no features/batch-N.jsonl.gz.", field="source_id")
    work = _Import(Path(origin), model_id, source_id, progress or (lambda _: None))
    began = time.monotonic()
    async with generations.importing(model_id, source_id) as right:
        await work.run(right)
    await presets.bring_in(Path(origin), model_id)
    work.report.seconds = time.monotonic() - began
    return work.report


class _Import:
    """One import from its first file to its last."""

    def __init__(self, origin: Path, model_id: str, source_id: str, progress: Progress) -> None:
        self.folder = layout.source_folder(origin, model_id, source_id)
        self.origin, self.model_id, self.source_id = origin, model_id, source_id
        self.report = ImportReport(model_id, source_id)
        self.problems = self.report.problems
        self.overview = Overview()
        self.indices: set[int] = set()
        self.generation = 0
        self._progress = progress
        self._done = self._position = 0
        kinds = ("features", "activations", "explanations")
        self.files = {kind: layout.batches(self.folder, kind) for kind in kinds}
        self._total = sum(path.stat().st_size for paths in self.files.values() for path in paths)

    async def run(self, right: generations.Right) -> None:
        connection = right.connection
        cards = read_cards(self.folder, self.problems)
        one = AvailableSource(self.model_id, self.source_id, self.origin, cards)
        check_cards(cards, one, self.problems)
        async with connection.transaction():
            await write_cards(connection, one, self.problems)
        names = (self.model_id, self.source_id)
        self.generation = await generations.begin(right, *names, str(self.origin))
        await self._features(connection)
        await self._activations(connection)
        await self._explanations(connection)
        self._tell("finishing")
        await generations.still_ours(right)
        await generations.put_in_place(self.generation, *names, self.overview)
        await generations.remove_others(connection, self.generation, *names)

    async def _features(self, connection: Connection) -> None:
        for path in self.files["features"]:
            async with connection.transaction():
                async for turn in _turns(self._feature_rows(path)):
                    self.report.n_features += await copying.FEATURES.copy(connection, turn)
                    self._tell("features")
            self._finished("features", path)

    def _feature_rows(self, path: Path) -> Iterator[list[Any]]:
        for number, line in self._lines(path, FeatureLine):
            if line.index in self.indices:
                self.problems.add(path, number, f"left out: feature {line.index} came before")
                continue
            self.indices.add(line.index)
            row = feature_row(self.generation, line, partial(self.problems.add, path, number))
            self.overview.add(line.index, row[2], row[3])
            yield row

    async def _activations(self, connection: Connection) -> None:
        gathered = Gathered()
        for path in self.files["activations"]:
            async for _ in _turns(self._gather(path, gathered)):
                self._tell("activations")
                if gathered.n_waiting >= MOST_WAITING:
                    await self._store(connection, gathered)
            if gathered.n_waiting:
                await self._store(connection, gathered)
            self._finished("activations", path)
        rest = gathered.windows.chunks(last=True)
        vocabulary = gathered.windows.vocabulary()
        rest += [(VOCABULARY_CHUNK, vocabulary)] if vocabulary else []
        await copying.CHUNKS.copy(connection, ((self.generation, *chunk) for chunk in rest))
        self.report.n_sequences = self.overview.n_sequences = gathered.windows.count

    def _gather(self, path: Path, gathered: Gathered) -> Iterator[int]:
        orphans: dict[int, int] = {}
        for number, line in self._lines(path, ActivationLine):
            if line.index in self.indices:
                gathered.add(line, partial(self.problems.add, path, number))
                yield number
            else:
                orphans[line.index] = orphans.get(line.index, 0) + 1
        for index, count in orphans.items():
            self.problems.add(path, 0, f"left out: {count} activations of feature {index}, which is not in features/")

    async def _store(self, connection: Connection, gathered: Gathered) -> None:
        rows, again = await asyncio.to_thread(gathered.take)
        merged = [await self._merged(connection, gathered, index, later) for index, later in again.items()]
        chunks = await asyncio.to_thread(gathered.windows.chunks)
        async with connection.transaction():
            await connection.execute(
                "DELETE FROM feature_examples WHERE generation_id = %s AND index = ANY(%s)",
                [self.generation, list(again)],
            )
            await copying.EXAMPLES.copy(
                connection, ((self.generation, one.index, one.format, one.n, one.block) for one in [*rows, *merged])
            )
            await copying.CHUNKS.copy(connection, ((self.generation, *chunk) for chunk in chunks))
        self.report.n_examples += sum(one.n for one in rows) + sum(map(len, again.values()))

    async def _merged(self, connection: Connection, gathered: Gathered, index: int, later: list[Kept]) -> Stored:
        found = await connection.execute(
            "SELECT block FROM feature_examples WHERE generation_id = %s AND index = %s", [self.generation, index]
        )
        row = await found.fetchone()
        assert row is not None
        return gathered.merge(index, row[0], later)

    async def _explanations(self, connection: Connection) -> None:
        met: set[str] = set()
        for path in self.files["explanations"]:
            async for turn in _turns(self._explanation_lines(path, met)):
                async with connection.transaction():
                    await _add_names(connection, turn)
                    rows = (explanation_row(self.generation, self.model_id, self.source_id, line) for line in turn)
                    self.report.n_explanations += await copying.EXPLANATIONS.copy(connection, rows)
                    await write_embeddings(connection, self.generation, path, turn, self.problems)
                self._tell("explanations")
            self._finished("explanations", path)

    def _explanation_lines(self, path: Path, met: set[str]) -> Iterator[ExplanationLine]:
        for number, line in self._lines(path, ExplanationLine):
            name = explanation_id(line)
            if line.index not in self.indices:
                self.problems.add(path, number, f"left out: feature {line.index} is not in features/")
            elif name in met:
                self.problems.add(path, number, f"left out: explanation {name} came before")
            else:
                met.add(name)
                yield line

    def _lines(self, path: Path, kind: type[Kind]) -> Iterator[tuple[int, Kind]]:
        """Lines of this source; a line that speaks of another is reported."""
        expected = (self.model_id.lower(), self.source_id.lower())
        for number, line in read_lines(path, kind, self.problems, self._at):
            if (line.model_id.lower(), line.layer.lower()) == expected:
                yield number, line
            else:
                self.problems.add(path, number, f"left out: it belongs to {line.model_id}/{line.layer}")

    def _tell(self, step: Step) -> None:
        self._progress(ImportProgress(step, self._done + self._position, self._total))

    def _finished(self, step: Step, path: Path) -> None:
        self._done += path.stat().st_size
        self._position = 0
        self._tell(step)

    def _at(self, position: int) -> None:
        self._position = position


Item = TypeVar("Item")


async def _turns(items: Iterator[Item]) -> AsyncIterator[list[Item]]:
    """Items in lists, each read in a thread while the event loop goes on."""
    while turn := await asyncio.to_thread(_take, items):
        yield turn


def _take(items: Iterator[Item]) -> list[Item]:
    return list(islice(items, _LINES_A_TURN))


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
