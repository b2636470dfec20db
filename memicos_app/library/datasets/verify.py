"""Whether the database still holds what an import wrote: every row counted and hashed again."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Literal

from memicos_app.db import session
from memicos_app.library.datasets import generations, ledger, sums
from memicos_app.library.datasets.copying import Connection
from memicos_app.library.datasets.generations import Current
from memicos_app.library.datasets.sums import Summed, Sums
from memicos_app.library.datasets.verdict import judge
from memicos_app.library.errors import BadInputError, NotFoundError
from memicos_app.library.watch import UNWATCHED, Watch

What = Literal["changed", "lost", "added"]
KEPT = 1000
"""Differences that are named; all are counted."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that is not as the import wrote it."""

    table: str
    position: int
    """Index of the feature, or number of the row in `sequence_chunks`."""
    what: What

    def __str__(self) -> str:
        return f"{self.table}: the row of {self.position} was {self.what}"


@dataclass(slots=True)
class VerifyReport:
    """What was compared and what differs."""

    model_id: str
    source_id: str
    n_rows: int = 0
    n_files: int = 0
    total: int = 0
    differences: list[Difference] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    """What the import itself lacked, or counts that do not agree."""
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether everything is as the import wrote it, and complete."""
        return not (self.total or self.missing)


async def verify_source(model_id: str, source_id: str, *, watch: Watch = UNWATCHED) -> VerifyReport:
    """Compare the data that readers see of a source with what its import wrote down.

    Raises:
        NotFoundError: nothing of this source is imported.
        BadInputError: it was imported by a version that wrote nothing down.
        Stopped: the watch wants the work to stop; nothing is kept of it.
    """
    report = VerifyReport(model_id, source_id)
    began = time.monotonic()
    async with session.raw_connection() as connection:
        await connection.set_autocommit(True)
        current = await _current(connection, model_id, source_id)
        files = await ledger.entries(connection, current.id)
        report.n_files = len(files)
        report.missing = (await judge(connection, current.id)).missing
        for number, one in enumerate(sums.SUMMED):
            await _table(connection, current, one, number, report, watch)
    report.seconds = time.monotonic() - began
    return report


async def _current(connection: Connection, model_id: str, source_id: str) -> Current:
    found = await generations.current(connection, model_id, source_id)
    if found is None:
        raise NotFoundError(f"Source {model_id}/{source_id} is not imported.", field="source_id")
    if not found.verdict:
        raise BadInputError(
            f"{model_id}/{source_id} was not imported from an origin, or by an earlier version; import it again "
            "to be able to verify it.",
            field="source_id",
        )
    return found


async def _table(
    connection: Connection, current: Current, one: Summed, number: int, report: VerifyReport, watch: Watch
) -> None:
    parts = await sums.parts(connection, current.id, one)
    for done, part in enumerate(parts):
        written = await sums.recorded(connection, current.id, one, part)
        held = await sums.present(connection, current.id, one, part)
        report.n_rows += len(written)
        for difference in _compare(one, written, held):
            report.total += 1
            if len(report.differences) < KEPT:
                report.differences.append(difference)
        watch.tell(f"verifying {one.name}", number + (done + 1) / len(parts), len(sums.SUMMED), "tables")
        await watch.checkpoint()


def _compare(one: Summed, written: Sums, held: Sums) -> list[Difference]:
    found = []
    for key in sorted(written.keys() | held.keys()):
        if written.get(key) == held.get(key):
            continue
        what: What = "lost" if key not in held else "changed" if key in written else "added"
        if what == "added" and one.grows:
            continue
        found.append(Difference(one.name, sums.position(key), what))
    return found
