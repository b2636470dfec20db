"""Every call to a model, written before it is asked and again when it is answered; what it cost; a budget to keep to.

A `Ledger` is one piece of work's page in it. Used as a context, it also keeps connections open from call to call.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from sqlmodel.ext.asyncio.session import AsyncSession

from memicos_app.db.text import storable
from memicos_app.library.accounts.person import me
from memicos_app.library.providers.connection import connect
from memicos_app.library.providers.endpoints import ChatModel, Provider
from memicos_app.library.providers.errors import BudgetSpent, ProviderError
from memicos_app.library.providers.messages import Answer
from memicos_app.library.query import row, rows_in, run_in, writing

if TYPE_CHECKING:
    from openai import AsyncOpenAI

LONGEST_KEPT = 20_000


@dataclass(slots=True)
class Spent:
    """What calls took so far."""

    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float = 0.0
    unpriced: int = 0
    """Calls among them whose cost nobody knows."""


class Ledger:
    """The calls of one piece of work.

    Args:
        purpose: what they are for, such as `explain`.
        person: whose keys are used, and who is said to have asked; where nobody is named, the person who asks.
        run_id: the run of many calls that they belong to.
        budget_usd: what they may cost together, with what `spent` says was spent before.
    """

    def __init__(
        self,
        purpose: str,
        *,
        person: str | None = None,
        run_id: int | None = None,
        budget_usd: float | None = None,
        spent: Spent | None = None,
    ) -> None:
        self.purpose, self.person, self.run_id, self.budget_usd = purpose, person or me(), run_id, budget_usd
        self.spent = spent or Spent()
        self._held = 0.0
        self._kept: dict[tuple[str, str], AsyncOpenAI] = {}
        self._stack: AsyncExitStack | None = None
        self._opening = asyncio.Lock()

    async def __aenter__(self) -> Self:
        self._stack = AsyncExitStack()
        return self

    async def __aexit__(self, *_: object) -> None:
        stack, self._stack = self._stack, None
        self._kept.clear()
        if stack is not None:
            await stack.aclose()

    @asynccontextmanager
    async def connection(self, each: Provider, key: str) -> AsyncIterator[AsyncOpenAI]:
        """A client of a provider: one that stays open as long as the ledger, else one for this call."""
        if self._stack is None:
            async with connect(each, key) as client:
                yield client
            return
        async with self._opening:
            if (each.name, key) not in self._kept:
                self._kept[each.name, key] = await self._stack.enter_async_context(connect(each, key))
        yield self._kept[each.name, key]

    @contextmanager
    def holding(self, most_usd: float | None) -> Iterator[None]:
        """Set the most that a call may cost aside while it is asked.

        Raises:
            BudgetSpent: it could go beyond the budget, or there is a budget and the price is unknown.
        """
        amount = most_usd or 0.0
        if self.budget_usd is not None:
            if most_usd is None:
                raise BudgetSpent(
                    "The model's price is unknown, so that no budget can be kept: add it to models.toml.",
                    field="budget_usd",
                )
            if self.spent.cost_usd + self._held + amount > self.budget_usd:
                raise BudgetSpent(
                    f"${self.spent.cost_usd:.4f} of ${self.budget_usd:.4f} are spent, and the next call could cost "
                    f"${amount:.4f}.",
                    field="budget_usd",
                )
        self._held += amount
        try:
            yield
        finally:
            self._held -= amount

    async def begin(self, model: ChatModel, about: str) -> int:
        """Write that a model is about to be asked; the call's number."""
        async with writing() as writer:
            found = await rows_in(
                writer,
                """
                INSERT INTO provider_calls (run_id, user_id, purpose, subject, provider, model)
                VALUES (:run, (SELECT id FROM users WHERE id = :person), :purpose, :about, :provider, :model)
                RETURNING id
                """,
                run=self.run_id,
                person=self.person,
                purpose=self.purpose,
                about=storable(about),
                provider=model.provider,
                model=storable(model.name),
            )
            await writer.commit()
        return int(found[0]["id"])

    async def answered(self, answer: Answer, *, seconds: float, attempts: int) -> None:
        """Write what came and what it cost."""
        self._count(answer.tokens_in, answer.tokens_out, answer.cost_usd)
        await _write(
            "answered",
            answer.call_id,
            answer=storable(answer.text[:LONGEST_KEPT]),
            tokens_in=answer.tokens_in,
            tokens_out=answer.tokens_out,
            cost=answer.cost_usd,
            seconds=seconds,
            attempts=attempts,
        )

    async def failed(self, call_id: int, error: ProviderError, *, seconds: float, attempts: int) -> None:
        """Write that no answer came."""
        self.spent.calls += 1
        await _write(
            "failed",
            call_id,
            kind=error.kind,
            error=storable(error.message),
            seconds=seconds,
            attempts=attempts,
        )

    async def lost(self, call_id: int) -> None:
        """Write that nobody waited for the answer."""
        await _write("lost", call_id)

    async def unusable(self, call_id: int, error: ProviderError) -> None:
        """Write that an answer came, and why it cannot be used; what it cost stays."""
        await _write("failed", call_id, kind=error.kind, error=storable(error.message))

    def _count(self, tokens_in: int | None, tokens_out: int | None, cost_usd: float | None) -> None:
        spent = self.spent
        spent.calls += 1
        spent.tokens_in += tokens_in or 0
        spent.tokens_out += tokens_out or 0
        spent.cost_usd += cost_usd or 0.0
        spent.unpriced += cost_usd is None


async def used(writer: AsyncSession, call_id: int) -> None:
    """Write that an answer was used, in the transaction that stores what came of it."""
    await run_in(writer, "UPDATE provider_calls SET state = 'used', answer = '' WHERE id = :id", id=call_id)


async def spent_by(run_id: int) -> Spent:
    """What a run's calls took so far, those of ended processes too."""
    found = await row(
        """
        SELECT count(*) FILTER (WHERE state <> 'asked') AS calls,
               coalesce(sum(tokens_in), 0) AS tokens_in, coalesce(sum(tokens_out), 0) AS tokens_out,
               coalesce(sum(cost_usd), 0) AS cost_usd,
               count(*) FILTER (WHERE tokens_in IS NOT NULL AND cost_usd IS NULL) AS unpriced
        FROM provider_calls WHERE run_id = :run
        """,
        run=run_id,
    )
    return Spent(**{name: type_(found[name]) for name, type_ in _SPENT.items()}) if found else Spent()


_SPENT = {"calls": int, "tokens_in": int, "tokens_out": int, "cost_usd": float, "unpriced": int}


async def _write(state: str, call_id: int, **values: object) -> None:
    wanted = {**dict.fromkeys(_VALUES), **values}
    async with writing() as writer:
        await run_in(writer, _UPDATE, state=state, id=call_id, **wanted)
        await writer.commit()


_VALUES = ("answer", "tokens_in", "tokens_out", "cost", "seconds", "attempts", "kind", "error")
_UPDATE = """
    UPDATE provider_calls SET state = :state, ended_at = now(),
        answer = coalesce(:answer, answer), tokens_in = coalesce(:tokens_in, tokens_in),
        tokens_out = coalesce(:tokens_out, tokens_out), cost_usd = coalesce(:cost, cost_usd),
        seconds = coalesce(:seconds, seconds), attempts = coalesce(:attempts, attempts),
        error_kind = coalesce(:kind, error_kind), error = coalesce(:error, error)
    WHERE id = :id
"""
