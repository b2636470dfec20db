"""Many explanations of a source judged side by side, stopped and gone on with.

Each score is kept as it comes, and until then each answer it is made of, so that a run that is killed asks again only
what was being asked at that moment, and counts it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from memicos_app.library.autointerp import questions
from memicos_app.library.autointerp.many import RunOfMany
from memicos_app.library.autointerp.questions import Kept
from memicos_app.library.autointerp.score import judge
from memicos_app.library.autointerp.scorers import scorer
from memicos_app.library.autointerp.scoring_choosing import KIND, Wanted, chosen
from memicos_app.library.errors import BadInputError, LibraryError, NotFoundError
from memicos_app.library.providers import Ledger
from memicos_app.library.providers import runs as ledger_runs
from memicos_app.library.providers.ledger import Spent, spent_by
from memicos_app.library.query import row
from memicos_app.library.scores import Explained, save
from memicos_app.library.watch import UNWATCHED, Stopped, Watch

MOST_IN_A_ROW = 10
"""Explanations in a row without a value that end a run: what is wrong then is wrong for all."""


@dataclass(frozen=True, slots=True)
class Done:
    """How a run went."""

    run_id: int
    scored: int
    """Explanations with a value by this run, also before it was interrupted."""
    failed: int
    """Those without: too many calls failed, or too few examples are stored."""
    total: int
    mean: float | None
    """Of the values."""
    asked_again: int
    spent: Spent
    why: str = ""
    """Why it ended before all were dealt with; empty where they were."""
    problems: tuple[str, ...] = ()
    """Why some have no value, the first few."""


async def run(wanted: Wanted, watch: Watch = UNWATCHED) -> Done:
    """Judge what is wanted, or what is left of it.

    Raises:
        BadInputError, NotFoundError: it cannot be done as asked.
        ConflictError: another process is at it.
        UnavailableError: the provider is away or too busy; what was done stays, and the run goes on when asked again.
        ProviderError: the provider will answer nothing: no key, no such model.
        Stopped: the watch asked for it; answers under way were waited for.
    """
    wanted.require()
    await chosen(wanted)
    run_id = await ledger_runs.begin(KIND, wanted.subject, wanted.same, budget_usd=wanted.budget_usd)
    async with ledger_runs.alone(run_id):
        return await _Run(wanted.model_id, wanted.source_id, run_id, watch, wanted=wanted).work()


@dataclass(kw_only=True)
class _Run(RunOfMany):
    """One process's part of a run."""

    wanted: Wanted
    step = "scoring"
    unit = "explanations"

    def said(self) -> str:
        """How far it is, in words."""
        return f"{self.succeeded} of {self.total} have a score, {self.failed} have none"

    async def work(self) -> Done:
        """What is left."""
        spent = await spent_by(self.run_id)
        async with Ledger(KIND, run_id=self.run_id, budget_usd=self.wanted.budget_usd, spent=spent) as ledger:
            kept = await questions.kept(self.run_id)
            left = await self._left(ledger)
            try:
                await self._judge_all(left, ledger, kept)
            finally:
                await self.label(everything=True)
        return await self._end(ledger)

    async def _left(self, ledger: Ledger) -> list[Explained]:
        counted = await row(
            "SELECT count(value) AS scored, count(*) - count(value) AS failed FROM explanation_scores "
            "WHERE run_id = :run",
            run=self.run_id,
        )
        assert counted is not None
        self.succeeded, self.failed = counted["scored"], counted["failed"]
        left = await chosen(self.wanted, self.run_id)
        if self.wanted.max_explanations is not None:
            left = left[: max(0, self.wanted.max_explanations - self.succeeded - self.failed)]
        before = self.succeeded + self.failed
        self.total = before + len(left)
        if before:
            self.watch.log(
                f"Goes on: {before} of {self.total} explanations are judged, ${ledger.spent.cost_usd:.4f} spent."
            )
        return left

    async def _judge_all(self, left: Sequence[Explained], ledger: Ledger, kept: Mapping[str, Kept]) -> None:
        places, free = iter(left), asyncio.Semaphore(self.wanted.concurrency)
        await self.tell(ledger)
        async with asyncio.TaskGroup() as group:
            for _ in range(min(self.wanted.concurrency, len(left))):
                group.create_task(self._judge_in_turn(places, ledger, kept, free))

    async def _judge_in_turn(
        self, places: Iterator[Explained], ledger: Ledger, kept: Mapping[str, Kept], free: asyncio.Semaphore
    ) -> None:
        """Judge one explanation after the other until there is none, or something ends the run."""
        while self.stop is None and (one := next(places, None)) is not None:
            try:
                await self._go_on()
                await self._judge(one, ledger, kept, free)
            except (Stopped, LibraryError) as end:
                self.stop = self.stop or end
            await self.tell(ledger)

    async def _go_on(self) -> None:
        """Passed before each question: raises what ends the run."""
        if self.stop is not None:
            raise self.stop
        await self.watch.checkpoint()

    async def _judge(self, of: Explained, ledger: Ledger, kept: Mapping[str, Kept], free: asyncio.Semaphore) -> None:
        wanted = self.wanted
        try:
            found = await judge(
                of,
                scorer(wanted.type_name),
                wanted.model,
                n=wanted.n,
                seed=wanted.seed,
                ledger=ledger,
                check=wanted.check,
                kept=kept,
                free=free,
                before=self._go_on,
            )
        except (BadInputError, NotFoundError) as error:
            self.fails(of.index, error.message)
            return
        await save(of, found, run_id=self.run_id, person=ledger.person, labels=False)
        if found.figure is None:
            self.fails(of.index, found.problem)
            self.gives_up(MOST_IN_A_ROW, f"explanations in a row came to no value; the last: {found.problem}")
            return
        self.succeeds(of.index)

    async def _end(self, ledger: Ledger) -> Done:
        why = await self.end()
        mean = await row("SELECT avg(value) AS mean FROM explanation_scores WHERE run_id = :run", run=self.run_id)
        view = await ledger_runs.run(self.run_id)
        return Done(
            self.run_id,
            self.succeeded,
            self.failed,
            self.total,
            mean["mean"] if mean else None,
            view.asked_again,
            ledger.spent,
            why,
            tuple(self.problems),
        )
