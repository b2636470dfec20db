"""What judging many explanations would take, before anything is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from memicos_app.library.autointerp import sampling
from memicos_app.library.autointerp.many import BYTES_A_TOKEN, earlier
from memicos_app.library.autointerp.prompts import Prompt
from memicos_app.library.autointerp.questions import Questions, Read, Said
from memicos_app.library.autointerp.scorers import scorer
from memicos_app.library.autointerp.scorers.interface import Work
from memicos_app.library.autointerp.scoring_choosing import KIND, Wanted, chosen
from memicos_app.library.errors import BadInputError
from memicos_app.library.providers import ChatModel, Ledger, prices
from memicos_app.library.scores import Explained

SAMPLED = 8
GUESSED: Mapping[str, float] = {
    "recall_alt": 40.0,
    "eleuther_recall": 15.0,
    "eleuther_fuzz": 15.0,
    "simulation": 180.0,
}
"""Tokens of an answer."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run would take."""

    explanations: int
    calls: int
    tokens_in: int
    tokens_out: int
    cost_usd: float | None
    """None where the price is unknown."""
    seconds: float | None
    """None where this model has not been asked such questions here yet."""
    measured: bool
    """Whether earlier answers of this model tell how long they are; else they are guessed."""


async def estimate(wanted: Wanted) -> Estimate:
    """Calls, tokens, cost and time of a run, from the questions about some of its explanations.

    Raises:
        BadInputError, NotFoundError: it cannot be done as asked.
    """
    wanted.require()
    every = await chosen(wanted)
    every = every[: wanted.max_explanations]
    if wanted.model is None or not scorer(wanted.type_name).asks:
        return Estimate(len(every), 0, 0, 0, 0.0, None, False)
    step = max(1, len(every) // SAMPLED)
    sizes = [await _questions(wanted, wanted.model, one) for one in every[::step][:SAMPLED]]
    share = len(every) / len(sizes) if sizes else 0.0
    calls = round(sum(n for n, _ in sizes) * share)
    known = await earlier(KIND, wanted.model, wanted.type_name)
    price = prices.price(wanted.model.provider, wanted.model.name)
    read = round(sum(size for _, size in sizes) * share / BYTES_A_TOKEN)
    written = round(calls * (known.tokens_out if known else GUESSED[wanted.type_name]))
    return Estimate(
        explanations=len(every),
        calls=calls,
        tokens_in=read,
        tokens_out=written,
        cost_usd=price.of(read, written) if price else None,
        seconds=known.seconds * calls / wanted.concurrency if known else None,
        measured=known is not None,
    )


class _Counted(Questions):
    """Questions that nobody is asked: they are counted."""

    n = 0
    size = 0

    async def put(self, name: str, prompt: Prompt, read: Read, *, logprobs: int = 0, **places: str) -> Said:
        """Count one; nothing is said."""
        self.n += 1
        self.size += sum(len(one.text.encode("utf-8", "replace")) for one in prompt.messages(places))
        return Said(failure="Nobody was asked.")


async def _questions(wanted: Wanted, model: ChatModel, of: Explained) -> tuple[int, int]:
    """How many questions an explanation would take, and their bytes; none where too little is stored."""
    by, counted = scorer(wanted.type_name), _Counted(model, Ledger(KIND), "", wanted.seed)
    n = by.per_kind if wanted.n is None else wanted.n
    try:
        sample = await sampling.draw(of.model_id, of.source_id, of.index, n=n, seed=wanted.seed, check=False)
    except BadInputError:
        return 0, 0
    await by.judge(Work(of.description, sample, wanted.seed, counted))
    return counted.n, counted.size
