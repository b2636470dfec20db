"""A source of an origin brought into the database, so that readers see all of it or nothing, and nothing is lost.

Everything goes into a new generation that nobody sees, each file in a transaction of its own; at the end readers
are switched to it in one transaction. An import that was stopped or killed goes on after the last whole file.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from contextlib import aclosing
from pathlib import Path

import psycopg
import sqlalchemy.exc

from memicos_app.db.errors import DatabaseUnusable
from memicos_app.library import presets
from memicos_app.library.datasets import generations, ledger, removal, sums
from memicos_app.library.datasets.cards import Described, check_cards, write_cards
from memicos_app.library.datasets.copying import Connection
from memicos_app.library.datasets.fetching import cards_at_hand, fetched
from memicos_app.library.datasets.filling import MOST_PROBLEMS, Filling
from memicos_app.library.datasets.generations import Current
from memicos_app.library.datasets.ledger import Entry
from memicos_app.library.datasets.manifest import KINDS, Manifest, Object
from memicos_app.library.datasets.origins import Origin, open_origin, read_cards
from memicos_app.library.datasets.reading import Problems
from memicos_app.library.datasets.report import ImportReport
from memicos_app.library.datasets.verdict import judge
from memicos_app.library.errors import BadInputError, UnavailableError
from memicos_app.library.maps import imported
from memicos_app.library.watch import UNWATCHED, Watch

EXPLANATIONS = frozenset({"explanations"})
_GONE = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    sqlalchemy.exc.OperationalError,
    sqlalchemy.exc.InterfaceError,
    DatabaseUnusable,
)
_TRIES = 6
"""How often in a row an import goes on after the database went away, without a file more in between."""


async def import_source(
    origin: Origin | Path | str,
    model_id: str,
    source_id: str,
    *,
    watch: Watch = UNWATCHED,
    parts: Iterable[str] = KINDS,
    again: bool = False,
) -> ImportReport:
    """Import a source; one that is here already is replaced when the new data is complete, at once.

    What an earlier attempt brought in is kept where the origin still begins with it. Embeddings of explanations
    that come without are not made here, see `library/embedders/`.

    Args:
        parts: of `features`, `activations` and `explanations`. Explanations alone come in place of those that
            were imported before; anything else must have features.
        again: import also what is here and unchanged.

    Raises:
        NotFoundError: the origin holds no such source.
        BadInputError: these parts make no source, or would take away what is here; or a file is damaged and what
            is here is whole.
        UnavailableError: another process is importing it; or the origin cannot be reached.
        Stopped: the watch wants the work to stop; it goes on with the next call.
    """
    place = origin if isinstance(origin, Origin) else open_origin(origin)
    wanted = _checked(parts)
    began = time.monotonic()
    work = _Import(place, await place.manifest(model_id, source_id), wanted, watch, again)
    await _patiently(work)
    if place.folder is not None:
        await presets.bring_in(place.folder, model_id)
    await imported.adopt(model_id, source_id)
    work.report.seconds = time.monotonic() - began
    return work.report


def _checked(parts: Iterable[str]) -> frozenset[str]:
    wanted = frozenset(parts)
    if unknown := sorted(wanted.difference(KINDS)):
        raise BadInputError(f"{unknown[0]!r} is no part of a source: {', '.join(KINDS)}.", field="parts")
    if not wanted or ("features" not in wanted and wanted != EXPLANATIONS):
        raise BadInputError("Activations are of features: import them together.", field="parts")
    return wanted


async def _patiently(work: _Import) -> None:
    """Run an import, and go on with it where the database went away and came back."""
    tries, files = 0, 0
    while True:
        try:
            async with generations.importing(*work.names) as right:
                return await work.run(right)
        except (*_GONE, UnavailableError) as error:
            tries = tries + 1 if work.report.n_files == files else 1
            files = work.report.n_files
            lost = _went_away(error)
            waits = isinstance(error, UnavailableError) and work.interrupted
            if not (lost or waits) or tries > _TRIES:
                raise
            work.interrupted = True
            work.watch.log(f"The database went away ({str(error).strip()[:200]}); going on.", "warning")
        await asyncio.sleep(min(0.1 * 2**tries, 5))
        await work.watch.checkpoint()


def _went_away(error: Exception) -> bool:
    """Whether the connection was lost; the database may also refuse what it is told to do."""
    if not isinstance(error, _GONE):
        return False
    state = getattr(getattr(error, "orig", error), "sqlstate", None)
    return state is None or state.startswith(("08", "57P"))


class _Import:
    """One import, from its cards to the switch."""

    def __init__(self, origin: Origin, manifest: Manifest, parts: frozenset[str], watch: Watch, again: bool) -> None:
        self.origin, self.manifest, self.parts, self.watch, self.again = origin, manifest, parts, watch, again
        self.names = manifest.model_id, manifest.source_id
        self.objects = [one for kind in KINDS if kind in parts for one in manifest.batches(kind)]
        self.report = ImportReport(*self.names)
        self.interrupted = False
        self._done, self._total = 0, sum(one.size for one in self.objects)

    async def run(self, right: generations.Right) -> None:
        connection = right.connection
        problems = await self._cards(connection)
        current = await generations.current(connection, *self.names)
        here = await ledger.entries(connection, current.id) if current else []
        own = [one for one in here if one.kind in self.parts]
        self.report.unchanged = (
            current is not None
            and not self.again
            and current.origin == self.origin.name
            and current.parts >= self.parts
            and ledger.is_same(own, self.objects)
        )
        if not self.report.unchanged:
            _check_loss(self.parts, here, current)
            current = await self._bring_in(right, current)
        assert current is not None
        await self._describe(connection, current.id, problems)
        if await removal.remove_retired(connection, *self.names, watch=self.watch) or not self.report.unchanged:
            await removal.settle(connection)

    async def _cards(self, connection: Connection) -> Problems:
        """Bring the catalog up to date with the origin's cards."""
        problems = Problems()
        folder = await cards_at_hand(self.origin, self.manifest, self.watch)
        config = await cards_at_hand(self.origin, await self.origin.config(), self.watch)
        described = Described(*self.names, folder, config, read_cards(folder, problems))
        check_cards(described, problems)
        try:
            async with connection.transaction():
                await write_cards(connection, described, problems)
        except (psycopg.DataError, psycopg.errors.ProgramLimitExceeded) as error:
            said = (error.diag.message_primary or str(error)).strip()[:300]
            name = "/".join(self.names)
            raise BadInputError(f"The cards of {name} cannot be stored: {said}.", field="origin") from None
        return problems

    async def _bring_in(self, right: generations.Right, current: Current | None) -> Current:
        """Fill a generation and put it in place; the one that readers see then."""
        alone = self.parts == EXPLANATIONS
        if alone and current is None:
            raise BadInputError("There are no features here yet that explanations could be of.", field="parts")
        generation = await generations.take_up(right, *self.names, self.origin.name, sorted(self.parts), self.objects)
        await removal.remove_retired(right.connection, *self.names, watch=self.watch)
        filling = Filling(right.connection, generation, *self.names, whole=current is not None)
        await self._fill(right.connection, filling, current if alone else None)
        if not filling.indices:
            raise await _without_features(right.connection, generation)
        self._tell("finishing", 0)
        await generations.still_ours(right)
        await removal.tell_planner(right.connection)
        if alone:
            assert current is not None
            await generations.hand_over_explanations(generation, current.id, *self.names)
            await sums.record(right.connection, current.id, sums.EXPLAINED)
            await generations.write_verdict(current.id, await judge(right.connection, current.id))
            return current
        await sums.record(right.connection, generation)
        judged = await judge(right.connection, generation)
        await generations.put_in_place(generation, *self.names, filling.overview, judged)
        found = await generations.current(right.connection, *self.names)
        assert found is not None
        return found

    async def _fill(self, connection: Connection, filling: Filling, features_of: Current | None) -> None:
        """Bring in the files that are not there yet."""
        await filling.recall()
        if features_of is not None:
            await filling.learn_indices(features_of.id)
        there = {one.name: one for one in await ledger.entries(connection, filling.generation) if one.state == "done"}
        self.report.n_kept, self.report.n_files = len(there), 0
        self._done = sum(one.size for one in there.values())
        missing = [one.name for one in self.objects if one.name not in there]
        async with aclosing(fetched(self.origin, self.manifest, missing, self.watch)) as files:
            async for found, path in files:
                await self._file(filling, found, path)
        await filling.finish()

    async def _file(self, filling: Filling, found: Object, path: Path) -> None:
        step = found.name.partition("/")[0]

        async def turned(position: int) -> None:
            self._tell(step, position)
            await self.watch.checkpoint()

        problems = Problems(keep=MOST_PROBLEMS)
        count = await filling.fill(found, path, problems, turned)
        self.report.n_files += 1
        self._done += found.size
        self._tell(step, 0)
        if problems.total:
            self.watch.log(f"{found.name}: {count} rows, {problems.total} problems", "warning")

    async def _describe(self, connection: Connection, generation: int, problems: Problems) -> None:
        """What the database holds now, and what of the files it does not."""
        report = self.report
        report.judge(await judge(connection, generation), await generations.n_sequences(connection, generation))
        report.problems = problems
        kept = await ledger.problems(connection, generation, problems.keep - len(problems.first))
        problems.first += kept
        problems.total += report.verdict.counts["set_aside"]

    def _tell(self, step: str, position: int) -> None:
        self.watch.tell(step, self._done + position, self._total, "bytes")


async def _without_features(connection: Connection, generation: int) -> BadInputError:
    said = [str(one) for one in await ledger.problems(connection, generation, keep=1)] or ["its files are empty"]
    return BadInputError(f"No feature could be read: {said[0]}.", field="source_id")


def _check_loss(parts: frozenset[str], here: list[Entry], current: Current | None) -> None:
    """Refuse to put fewer kinds of data in place of what is here."""
    if current is None or parts == EXPLANATIONS:
        return
    if lost := sorted({one.kind for one in here if one.rows} - parts):
        raise BadInputError(
            f"The source has {' and '.join(lost)} here, which an import without them would take away; "
            "import them too, or delete the source first.",
            field="parts",
        )
