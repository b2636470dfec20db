"""Many explanations of a source judged: chosen, estimated, judged side by side, gone on with.

Each score is kept as it comes, and until then each answer it is made of, so that a run that is killed asks again only
what was being asked at that moment, and counts it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from memicos_app.db.text import original, storable
from memicos_app.library.autointerp import questions, sampling
from memicos_app.library.autointerp.questions import Kept
from memicos_app.library.autointerp.score import judge, scorer_name
from memicos_app.library.autointerp.scorers import scorer
from memicos_app.library.embedders import EmbedderError
from memicos_app.library.errors import BadInputError, LibraryError, NotFoundError, UnavailableError
from memicos_app.library.explanations import CURRENT, refresh_labels
from memicos_app.library.providers import BudgetSpent, ChatModel, Ledger, ProviderError
from memicos_app.library.providers import runs as ledger_runs
from memicos_app.library.providers.ledger import Spent, spent_by
from memicos_app.library.query import row, rows, writing
from memicos_app.library.scores import Explained, save
from memicos_app.library.watch import UNWATCHED, Stopped, Watch

KIND = "score"
MOST_AT_ONCE = 64
MOST_IN_A_ROW = 10
"""Explanations in a row without a value that end a run: what is wrong then is wrong for all."""
LABELS_EVERY_S = 5.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which explanations are to be judged, and how."""

    model_id: str
    source_id: str
    type_name: str
    """A name of `scorers.SCORERS`."""
    model: ChatModel | None = None
    """Who judges; None for scorers that ask nobody."""
    n: int | None = None
    seed: int = 0
    check: bool = True
    explanation_types: tuple[str, ...] = ()
    """Only explanations that were made so; none named: all."""
    indices: tuple[int, ...] = ()
    """Only explanations of these features; none named: of all."""
    max_explanations: int | None = None
    again: bool = False
    """Also those that have such a score already."""
    budget_usd: float | None = None
    concurrency: int = 8
    """Questions under way at once."""

    @property
    def subject(self) -> str:
        """The source."""
        return f"{self.model_id}/{self.source_id}"

    @property
    def same(self) -> dict[str, Any]:
        """What tells this run from others: with the same it is gone on with."""
        return {name: value for name, value in asdict(self).items() if name not in ("budget_usd", "concurrency")}

    def checked(self) -> None:
        """Raises `BadInputError` that names the field."""
        by = scorer(self.type_name)
        if by.asks and self.model is None:
            raise BadInputError(f"{by.title} needs a model that judges.", field="scorer_model")
        sampling.check_size(by.per_kind if self.n is None else self.n)
        if not 1 <= self.concurrency <= MOST_AT_ONCE:
            raise BadInputError(f"Between 1 and {MOST_AT_ONCE} calls can go on at once.", field="concurrency")
        if self.max_explanations is not None and self.max_explanations < 1:
            raise BadInputError("At least one explanation has to be judged.", field="max_explanations")
        if self.budget_usd is not None and not 0 < self.budget_usd < 1e6:
            raise BadInputError("A budget is an amount of dollars above 0.", field="budget_usd")


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


async def chosen(wanted: Wanted, run_id: int | None = None) -> list[Explained]:
    """The explanations to judge: those that readers see and that have no such score of this wording yet.

    Args:
        run_id: those that this run has dealt with are left out.

    Raises:
        NotFoundError: nothing of this source is imported.
    """
    source = await row(
        "SELECT current_generation AS g FROM sources WHERE model_id = :model AND id = :source",
        model=wanted.model_id,
        source=wanted.source_id,
    )
    if source is None or source["g"] is None:
        raise NotFoundError(f"Source {wanted.subject} is not imported.", field="source_id")
    found = await rows(
        _CHOSEN,
        model=wanted.model_id,
        source=wanted.source_id,
        only=list(wanted.indices),
        types=list(map(storable, wanted.explanation_types)),
        type=wanted.type_name,
        scorer=storable(await scorer_name(scorer(wanted.type_name), wanted.model)),
        again=wanted.again,
        run=run_id,
    )
    texts = ("id", "description", "type_name")
    return [Explained(**{**one, **{name: original(one[name]) for name in texts}}) for one in found]


_CHOSEN = f"""
    SELECT x.id, x.model_id, x.source_id, x.index, x.description, coalesce(x.type_name, '') AS type_name
    FROM explanations AS x JOIN sources AS s ON s.model_id = x.model_id AND s.id = x.source_id
    JOIN features AS f ON f.generation_id = s.current_generation AND f.index = x.index AND f.max_activation > 0
    WHERE x.model_id = :model AND x.source_id = :source AND {CURRENT}
        AND (CAST(:only AS integer[]) = '{{}}' OR x.index = ANY(CAST(:only AS integer[])))
        AND (CAST(:types AS text[]) = '{{}}' OR x.type_name = ANY(CAST(:types AS text[])))
        AND NOT EXISTS (
            SELECT FROM explanation_scores AS c
            WHERE c.model_id = x.model_id AND c.source_id = x.source_id AND c.explanation_id = x.id
                AND c.type_name = :type AND c.description = x.description AND (
                    (c.run_id = CAST(:run AS bigint))
                    OR (NOT :again AND c.scorer = :scorer AND c.value IS NOT NULL)
                )
        )
    ORDER BY x.index, x.number
"""


async def run(wanted: Wanted, watch: Watch = UNWATCHED) -> Done:
    """Judge what is wanted, or what is left of it.

    Raises:
        BadInputError, NotFoundError: it cannot be done as asked.
        ConflictError: another process is at it.
        UnavailableError: the provider is away or too busy; what was done stays, and the run goes on when asked again.
        ProviderError: the provider will answer nothing: no key, no such model.
        Stopped: the watch asked for it; answers under way were waited for.
    """
    wanted.checked()
    await chosen(wanted)
    run_id = await ledger_runs.begin(KIND, wanted.subject, wanted.same, budget_usd=wanted.budget_usd)
    async with ledger_runs.alone(run_id):
        return await _Run(wanted, run_id, watch).work()


@dataclass
class _Run:
    """One process's part of a run."""

    wanted: Wanted
    run_id: int
    watch: Watch
    scored: int = 0
    failed: int = 0
    total: int = 0
    in_a_row: int = 0
    stop: Exception | None = None
    problems: list[str] = field(default_factory=list)
    unlabelled: list[int] = field(default_factory=list)
    labelled_at: float = 0.0

    async def work(self) -> Done:
        """What is left."""
        spent = await spent_by(self.run_id)
        async with Ledger(KIND, run_id=self.run_id, budget_usd=self.wanted.budget_usd, spent=spent) as ledger:
            kept = await questions.kept(self.run_id)
            left = await self._left(ledger)
            try:
                await self._judge_all(left, ledger, kept)
            finally:
                await self._label(everything=True)
        return await self._end(ledger)

    async def _left(self, ledger: Ledger) -> list[Explained]:
        counted = await row(
            "SELECT count(value) AS scored, count(*) - count(value) AS failed FROM explanation_scores "
            "WHERE run_id = :run",
            run=self.run_id,
        )
        assert counted is not None
        self.scored, self.failed = counted["scored"], counted["failed"]
        left = await chosen(self.wanted, self.run_id)
        if self.wanted.max_explanations is not None:
            left = left[: max(0, self.wanted.max_explanations - self.scored - self.failed)]
        before = self.scored + self.failed
        self.total = before + len(left)
        if before:
            self.watch.log(
                f"Goes on: {before} of {self.total} explanations are judged, ${ledger.spent.cost_usd:.4f} spent."
            )
        return left

    async def _judge_all(self, left: Sequence[Explained], ledger: Ledger, kept: Mapping[str, Kept]) -> None:
        places, free = iter(left), asyncio.Semaphore(self.wanted.concurrency)
        await self._tell(ledger)
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
            await self._tell(ledger)

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
            self._failed(of, error.message)
            return
        await save(of, found, run_id=self.run_id, person=ledger.person, labels=False)
        if found.figure is None:
            self._failed(of, found.problem)
            self._give_up_on_all(found.problem)
            return
        self.scored += 1
        self.in_a_row = 0
        self.unlabelled.append(of.index)

    def _failed(self, of: Explained, why: str) -> None:
        self.failed += 1
        said = f"{of.index}: {why}"
        if len(self.problems) < 20:
            self.problems.append(said)
        self.watch.log(said, "warning")

    def _give_up_on_all(self, why: str) -> None:
        self.in_a_row += 1
        if self.in_a_row >= MOST_IN_A_ROW and self.stop is None:
            said = f"{self.in_a_row} explanations in a row came to no value; the last: {why}"
            self.stop = ProviderError("bad_answer", said, final=True)

    async def _tell(self, ledger: Ledger) -> None:
        """How far it is, what it cost so far, and lists that follow every few seconds."""
        self.watch.tell("scoring", self.scored + self.failed, self.total, "explanations")
        if time.monotonic() - self.labelled_at > LABELS_EVERY_S:
            self.labelled_at = time.monotonic()
            await self._label()
            await ledger_runs.note(self.run_id, total=self.total, done=self.scored, failed=self.failed)
            cost = f"${ledger.spent.cost_usd:.4f}" + (" and more" if ledger.spent.unpriced else "")
            self.watch.log(f"{self.scored} of {self.total} have a score, {self.failed} have none, {cost} spent.")

    async def _label(self, *, everything: bool = False) -> None:
        """Let reading order follow; `everything`: also what a killed process left without."""
        indices, self.unlabelled = self.unlabelled, []
        if indices or everything:
            async with writing() as writer:
                only = None if everything else indices
                await refresh_labels(writer, self.wanted.model_id, self.wanted.source_id, indices=only)
                await writer.commit()

    async def _end(self, ledger: Ledger) -> Done:
        stop = self.stop
        passing = isinstance(stop, UnavailableError | EmbedderError)
        passing = passing or (isinstance(stop, ProviderError) and not stop.final)
        state: ledger_runs.State = "done"
        if isinstance(stop, BudgetSpent):
            state = "budget"
        elif stop is not None:
            state = "open" if passing or isinstance(stop, Stopped) else "stopped"
        await ledger_runs.note(self.run_id, total=self.total, done=self.scored, failed=self.failed, state=state)
        if isinstance(stop, LibraryError) and passing:
            raise UnavailableError(stop.message, retry_after=stop.retry_after) from stop
        if stop is not None and not isinstance(stop, BudgetSpent):
            raise stop
        mean = await row("SELECT avg(value) AS mean FROM explanation_scores WHERE run_id = :run", run=self.run_id)
        view = await ledger_runs.run(self.run_id)
        return Done(
            self.run_id,
            self.scored,
            self.failed,
            self.total,
            mean["mean"] if mean else None,
            view.asked_again,
            ledger.spent,
            stop.message if isinstance(stop, BudgetSpent) else "",
            tuple(self.problems),
        )
