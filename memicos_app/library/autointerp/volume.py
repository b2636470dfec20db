"""Many features of a source explained by a language model: asked side by side, stopped and gone on with.

Each answer is kept as it comes, so that a run that is killed goes on with what is missing: it asks again only what
was being asked at that moment, and counts it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from memicos_app.library.autointerp import explaining
from memicos_app.library.autointerp.choosing import KIND, Estimate, Wanted, chosen, estimate
from memicos_app.library.autointerp.explainers import explainer
from memicos_app.library.autointerp.many import RunOfMany
from memicos_app.library.autointerp.material import FeatureName
from memicos_app.library.autointerp.prompts import prompt
from memicos_app.library.errors import BadInputError, ConflictError, LibraryError, NotFoundError
from memicos_app.library.providers import Answer, BudgetSpent, Ledger, ProviderError
from memicos_app.library.providers import runs as ledger_runs
from memicos_app.library.providers.ledger import Spent, spent_by
from memicos_app.library.watch import UNWATCHED, Stopped, Watch

__all__ = ["KIND", "Done", "Estimate", "Wanted", "chosen", "estimate", "run"]

MOST_IN_A_ROW = 25
"""Failures without an explanation between them that end a run: what is wrong then is wrong for all."""


@dataclass(frozen=True, slots=True)
class Done:
    """How a run went."""

    run_id: int
    explained: int
    """By this run, also before it was interrupted."""
    failed: int
    total: int
    asked_again: int
    spent: Spent
    why: str = ""
    """Why it ended before all were dealt with; empty where they were."""
    problems: tuple[str, ...] = ()
    """Why features failed, the first few."""


async def run(wanted: Wanted, watch: Watch = UNWATCHED) -> Done:
    """Explain what is wanted, or what is left of it.

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
    step = "explaining"
    unit = "features"

    def said(self) -> str:
        """How far it is, in words."""
        return f"{self.succeeded} of {self.total} explained, {self.failed} failed"

    async def work(self) -> Done:
        spent = await spent_by(self.run_id)
        options: dict[str, Any] = {"run_id": self.run_id, "budget_usd": self.wanted.budget_usd, "spent": spent}
        async with Ledger(KIND, **options) as ledger:
            left = await self._left(ledger)
            try:
                await self._ask_all(left, ledger)
            finally:
                await self.label(everything=True)
        return await self._end(ledger)

    async def _left(self, ledger: Ledger) -> list[int]:
        """What is still to be asked, after what an ended process got has been used."""
        kept = await ledger_runs.take_over(self.run_id)
        if kept:
            self.watch.log(f"{len(kept)} answers of a process that ended are used now.")
        for one in kept:
            await self._use(one, ledger)
        settled = await ledger_runs.settled(self.run_id)
        self.succeeded = sum(settled.values())
        self.failed = len(settled) - self.succeeded
        done = {int(name.rpartition("/")[2]) for name in settled}
        wanted = [index for index in await chosen(replace(self.wanted, max_features=None)) if index not in done]
        if self.wanted.max_features is not None:
            wanted = wanted[: max(0, self.wanted.max_features - len(settled))]
        self.total = len(settled) + len(wanted)
        if settled:
            cost = f"${ledger.spent.cost_usd:.4f}"
            self.watch.log(f"Goes on: {len(settled)} of {self.total} features are dealt with, {cost} spent.")
        return wanted

    async def _use(self, kept: ledger_runs.Kept, ledger: Ledger) -> None:
        """Read an answer again that was paid for."""
        name = FeatureName(self.wanted.model_id, self.wanted.source_id, int(kept.subject.rpartition("/")[2]))
        answer = Answer(kept.text, kept.tokens_in, kept.tokens_out, kept.cost_usd, kept.call_id)
        kind, words = explainer(self.wanted.type_name), prompt(self.wanted.type_name)
        try:
            found = await explaining.read(name, kind, words, self.wanted.model, answer, ledger=ledger)
            await self._keep(found, ledger)
        except ProviderError as error:
            self._failed(name, error)

    async def _ask_all(self, left: Sequence[int], ledger: Ledger) -> None:
        places = iter(left)
        await self.tell(ledger)
        async with asyncio.TaskGroup() as group:
            for _ in range(min(self.wanted.concurrency, len(left))):
                group.create_task(self._ask_in_turn(places, ledger))

    async def _ask_in_turn(self, places: Iterator[int], ledger: Ledger) -> None:
        """Ask about one feature after the other until there is none, or something ends the run."""
        while self.stop is None:
            try:
                await self.watch.checkpoint()
            except Stopped as stopped:
                self.stop = self.stop or stopped
                return
            index = next(places, None)
            if index is None:
                return
            await self._ask(FeatureName(self.wanted.model_id, self.wanted.source_id, index), ledger)
            await self.tell(ledger)

    async def _ask(self, name: FeatureName, ledger: Ledger) -> None:
        try:
            asked = await explaining.question(name, self.wanted.type_name)
            await self._keep(await explaining.answered(asked, self.wanted.model, ledger=ledger), ledger)
        except BudgetSpent as spent:
            self.stop = self.stop or spent
        except ProviderError as error:
            if error.final or error.kind in ("rate", "unreachable"):
                self.stop = self.stop or error
            else:
                self._failed(name, error)
        except (BadInputError, NotFoundError) as error:
            self._failed(name, error)

    async def _keep(self, found: explaining.Explained, ledger: Ledger) -> None:
        try:
            await explaining.keep(found, replace=self.wanted.replace)
        except ConflictError as error:
            # Somebody had it explained meanwhile.
            await ledger.unusable(found.answer.call_id, ProviderError("refused", error.message))
            self._failed(found.feature, error)
            return
        self.succeeds(found.feature.index)

    def _failed(self, name: FeatureName, error: LibraryError) -> None:
        self.fails(name.index, error.message)
        self.gives_up(MOST_IN_A_ROW, f"features in a row failed; the last: {error.message}")

    async def _end(self, ledger: Ledger) -> Done:
        why = await self.end()
        view = await ledger_runs.run(self.run_id)
        return Done(
            self.run_id,
            self.succeeded,
            self.failed,
            self.total,
            view.asked_again,
            ledger.spent,
            why,
            tuple(self.problems),
        )
