"""What runs over many features have in common, whatever they ask: limits, earlier answers, telling, and the end."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ValidationError

from memicos_app.db.text import storable
from memicos_app.library.embedders import EmbedderError
from memicos_app.library.errors import BadInputError, LibraryError, UnavailableError
from memicos_app.library.explanations import refresh_labels
from memicos_app.library.providers import BudgetSpent, ChatModel, Ledger, ProviderError
from memicos_app.library.providers import runs as ledger_runs
from memicos_app.library.query import row, writing
from memicos_app.library.watch import Stopped, Watch

MOST_AT_ONCE = 64
BYTES_A_TOKEN = 3.6
LABELS_EVERY_S = 5.0
MOST_TOLD = 20
_Asked = TypeVar("_Asked", bound=BaseModel)


def checked_plain(kind: type[_Asked], values: Mapping[str, Any]) -> _Asked:
    """Plain data of a job, a form or a command as what it asks for. Raises `BadInputError` that names the field."""
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else None
        raise BadInputError(f"{name}: {first['msg']}.", field=name) from error


def check_limits(concurrency: int, budget_usd: float | None) -> None:
    """Raises `BadInputError` that names the field."""
    if not 1 <= concurrency <= MOST_AT_ONCE:
        raise BadInputError(f"Between 1 and {MOST_AT_ONCE} calls can go on at once.", field="concurrency")
    if budget_usd is not None and not 0 < budget_usd < 1e6:
        raise BadInputError("A budget is an amount of dollars above 0.", field="budget_usd")


@dataclass(frozen=True, slots=True)
class Earlier:
    """Means of a model's last answers."""

    tokens_out: float
    seconds: float


async def earlier(purpose: str, model: ChatModel, type_name: str | None = None) -> Earlier | None:
    """What the last hundred answers of a model took; None where it has not answered yet.

    Args:
        type_name: only answers to this scorer's questions.
    """
    found = await row(
        """
        SELECT avg(tokens_out) AS out, avg(seconds) AS seconds FROM (
            SELECT tokens_out, seconds FROM provider_calls
            WHERE purpose = :purpose AND provider = :provider AND model = :model AND tokens_out IS NOT NULL
                AND (CAST(:type AS text) IS NULL OR split_part(subject, ' ', 3) = :type)
            ORDER BY id DESC LIMIT 100
        ) AS last
        """,
        purpose=purpose,
        provider=model.provider,
        model=storable(model.name),
        type=type_name,
    )
    if found is None or found["out"] is None:
        return None
    return Earlier(float(found["out"]), float(found["seconds"] or 0))


@dataclass
class RunOfMany:
    """One process's part of a run: what it counts and tells, and how it ends."""

    model_id: str
    source_id: str
    run_id: int
    watch: Watch
    succeeded: int = 0
    failed: int = 0
    total: int = 0
    in_a_row: int = 0
    """Failures since the last success."""
    stop: Exception | None = None
    """What ends the run before all are dealt with."""
    problems: list[str] = field(default_factory=list)
    unlabelled: list[int] = field(default_factory=list)
    _labelled_at: float = 0.0
    step: ClassVar[str]
    unit: ClassVar[str]

    @abstractmethod
    def said(self) -> str:
        """How far it is, in words."""

    def succeeds(self, index: int) -> None:
        """One feature is dealt with well."""
        self.succeeded += 1
        self.in_a_row = 0
        self.unlabelled.append(index)

    def fails(self, index: int, why: str) -> None:
        """One feature is dealt with, without a result."""
        self.failed += 1
        if len(self.problems) < MOST_TOLD:
            self.problems.append(f"{index}: {why}")
        self.watch.log(f"{index}: {why}", "warning")

    def gives_up(self, most: int, words: str) -> None:
        """Ends the run where one failed after the other: what is wrong then is wrong for all."""
        self.in_a_row += 1
        if self.in_a_row >= most and self.stop is None:
            self.stop = ProviderError("bad_answer", f"{self.in_a_row} {words}", final=True)

    async def tell(self, ledger: Ledger) -> None:
        """How far it is, what it cost so far, and lists that follow every few seconds."""
        self.watch.tell(self.step, self.succeeded + self.failed, self.total, self.unit)
        if time.monotonic() - self._labelled_at > LABELS_EVERY_S:
            self._labelled_at = time.monotonic()
            await self.label()
            await self._note()
            cost = f"${ledger.spent.cost_usd:.4f}" + (" and more" if ledger.spent.unpriced else "")
            self.watch.log(f"{self.said()}, {cost} spent.")

    async def label(self, *, everything: bool = False) -> None:
        """Let lists, counts and reading order follow; `everything`: also what a killed process left without."""
        indices, self.unlabelled = self.unlabelled, []
        if indices or everything:
            async with writing() as writer:
                only = None if everything else indices
                await refresh_labels(writer, self.model_id, self.source_id, indices=only)
                await writer.commit()

    async def end(self) -> str:
        """Write how it ended; why, where its budget did not suffice.

        Raises:
            UnavailableError: it stopped for what passes, and goes on when asked again.
            Exception: what else stopped it.
        """
        stop = self.stop
        passing = isinstance(stop, UnavailableError | EmbedderError)
        passing = passing or (isinstance(stop, ProviderError) and not stop.final)
        state: ledger_runs.State = "done"
        if isinstance(stop, BudgetSpent):
            state = "budget"
        elif stop is not None:
            state = "open" if passing or isinstance(stop, Stopped) else "stopped"
        await self._note(state)
        if isinstance(stop, LibraryError) and passing:
            raise UnavailableError(stop.message, retry_after=stop.retry_after) from stop
        if stop is not None and not isinstance(stop, BudgetSpent):
            raise stop
        return stop.message if isinstance(stop, BudgetSpent) else ""

    async def _note(self, state: ledger_runs.State = "open") -> None:
        await ledger_runs.note(self.run_id, total=self.total, done=self.succeeded, failed=self.failed, state=state)
