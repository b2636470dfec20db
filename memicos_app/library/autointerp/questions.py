"""The questions of one scoring: asked a few at once, each answer read strictly; a failed call stays one.

What ends the whole (a wrong key, a spent budget) is raised; what concerns one answer is told beside the others. In a
run, what was read from an answer is kept with its call until the score is, so that a killed process pays for it once.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from memicos_app.db.text import original
from memicos_app.library.autointerp.prompts import Prompt
from memicos_app.library.providers import Answer, ChatModel, Ledger, Message, ProviderError, ask
from memicos_app.library.query import rows_in, run_in, writing

AT_ONCE = 4
_NOBODY = ("rate", "unreachable")
"""Failures that say nothing of the question: nobody answered, after trying for long."""
Read: TypeAlias = Callable[[Answer], Any]
Result = TypeVar("Result")


class Unreadable(ValueError):
    """An answer that is not in the form asked for; the sentence says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Said:
    """What was read from an answer, or why there is nothing."""

    what: Any = None
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """A call of an earlier process whose answer was read and not used yet."""

    call_id: int
    said: Said
    tokens_in: int | None
    tokens_out: int | None
    cost_usd: float | None


class Questions:
    """The way to one model for one scoring.

    Args:
        about: what is being scored, for the ledger.
        seed: for models that take one.
        kept: what earlier processes of the run have read.
        free: how many questions may be under way at once; None: `AT_ONCE`.
        before: awaited before each question; what it raises ends the scoring.
    """

    def __init__(
        self,
        model: ChatModel,
        ledger: Ledger,
        about: str,
        seed: int,
        *,
        kept: Mapping[str, Kept] | None = None,
        free: asyncio.Semaphore | None = None,
        before: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.model, self.ledger, self.about, self.seed = model, ledger, about, seed
        self.calls: list[int] = []
        """Numbers of those whose answer was read."""
        self.tokens_in = self.tokens_out = 0
        self.cost_usd: float | None = 0.0
        self._kept, self._before = kept or {}, before
        self._free = free or asyncio.Semaphore(AT_ONCE)

    async def put(self, name: str, prompt: Prompt, read: Read, *, logprobs: int = 0, **places: str) -> Said:
        """Ask one question.

        Args:
            name: tells it from the scoring's others, for people.
            read: makes JSON data of the answer, or raises `Unreadable`.
            logprobs: of how many tokens in each place log-probabilities are wanted.

        Raises:
            ProviderError: no question to this model can be answered, now or at all.
            BudgetSpent: the next question could cost more than what is left.
        """
        messages = prompt.messages(places)
        about = f"{self.about} {name} {_hash(self.model, messages)}"
        if (earlier := self._kept.get(about)) is not None:
            self._count(earlier.tokens_in, earlier.tokens_out, earlier.cost_usd)
            if not earlier.said.failure:
                self.calls.append(earlier.call_id)
            return earlier.said
        async with self._free:
            if self._before is not None:
                await self._before()
            try:
                answer = await ask(
                    self.model,
                    messages,
                    ledger=self.ledger,
                    temperature=prompt.temperature,
                    max_tokens=prompt.max_tokens,
                    seed=self.seed,
                    logprobs=bool(logprobs),
                    top_logprobs=logprobs,
                    about=about,
                )
            except ProviderError as error:
                if error.final or error.kind in _NOBODY:
                    raise
                return Said(failure=error.message)
            # Within its place: no more questions than there are places can be asked again after a kill.
            self._count(answer.tokens_in, answer.tokens_out, answer.cost_usd)
            return await self._read(answer, read)

    async def _read(self, answer: Answer, read: Read) -> Said:
        try:
            said = Said(read(answer))
        except Unreadable as error:
            await self.ledger.unusable(answer.call_id, ProviderError("bad_answer", str(error)))
            return Said(failure=str(error))
        self.calls.append(answer.call_id)
        if self.ledger.run_id is not None:
            await _remember(answer.call_id, said)
        return said

    def _count(self, tokens_in: int | None, tokens_out: int | None, cost: float | None) -> None:
        self.tokens_in += tokens_in or 0
        self.tokens_out += tokens_out or 0
        self.cost_usd = None if cost is None or self.cost_usd is None else self.cost_usd + cost


async def side_by_side(work: Iterable[Coroutine[Any, Any, Result]]) -> list[Result]:
    """All results; where something is raised, those under way are waited for first, since they are paid."""
    found = await asyncio.gather(*work, return_exceptions=True)
    raised = [one for one in found if isinstance(one, BaseException)]
    if raised:
        raise raised[0]
    return [one for one in found if not isinstance(one, BaseException)]


async def kept(run_id: int) -> dict[str, Kept]:
    """What processes that are gone have read for this run or an ended one with the same wish, and not used.

    Calls of which nothing is known count as lost from here on.
    """
    async with writing() as writer:
        found = await rows_in(writer, _UNUSED, run=run_id)
        read = {original(one["subject"]): one for one in found if _is_read(one["answer"]) or one["state"] == "failed"}
        known = [one["id"] for one in read.values()]
        await run_in(
            writer,
            """
            UPDATE provider_calls SET state = 'lost', ended_at = now()
            WHERE run_id = :run AND state IN ('asked', 'answered') AND NOT id = ANY(CAST(:known AS bigint[]))
            """,
            run=run_id,
            known=known,
        )
        await writer.commit()
    return {about: _kept(one) for about, one in read.items()}


_UNUSED = """
    SELECT c.id, c.subject, c.state, c.answer, c.error, c.tokens_in, c.tokens_out, c.cost_usd
    FROM provider_runs AS r
    JOIN provider_runs AS same ON same.id = r.id
        OR (same.kind = r.kind AND same.wanted = r.wanted AND same.state IN ('budget', 'stopped'))
    JOIN provider_calls AS c ON c.run_id = same.id
    WHERE r.id = :run
        AND (c.state = 'answered' OR (c.run_id = r.id AND c.state = 'failed' AND c.error_kind = 'bad_answer'))
    ORDER BY c.id
"""
_READ = '{"read":'


def _kept(one: Mapping[str, Any]) -> Kept:
    said = (
        Said(failure=original(one["error"])) if one["state"] == "failed" else Said(json.loads(one["answer"])["read"])
    )
    return Kept(one["id"], said, one["tokens_in"], one["tokens_out"], one["cost_usd"])


def _is_read(answer: str) -> bool:
    return answer.startswith(_READ)


async def _remember(call_id: int, said: Said) -> None:
    """Put what was read in the place of the answer that it was read from."""
    text = json.dumps({"read": said.what}, separators=(",", ":"))
    async with writing() as writer:
        await run_in(writer, "UPDATE provider_calls SET answer = :text WHERE id = :id", text=text, id=call_id)
        await writer.commit()


def _hash(model: ChatModel, messages: Iterable[Message]) -> str:
    """Tells questions apart by all that is asked."""
    asked = json.dumps([str(model), *((one.role, one.text) for one in messages)])
    return hashlib.sha256(asked.encode()).hexdigest()[:12]
