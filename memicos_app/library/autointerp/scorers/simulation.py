"""Simulation: a model plays the feature, token by token; how well does that go with what the feature does?

The strength at a token is the mean over 0 to 10 by the probabilities that the model gives to each, which tells more
than the number it writes: S. Bills et al., Language models can explain neurons in language models (2023).
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from memicos_app.library.autointerp.figures import Figure, correlation
from memicos_app.library.autointerp.prompts import Prompt, prompt
from memicos_app.library.autointerp.questions import Read, Unreadable, side_by_side
from memicos_app.library.autointerp.quoting import quoted, quoted_token
from memicos_app.library.autointerp.sampling import Context
from memicos_app.library.autointerp.scorers.interface import Scorer, Work
from memicos_app.library.autointerp.scoring import Judged
from memicos_app.library.providers import Answer, ProviderError, TokenLogprob
from memicos_app.library.token_text import readable

STRONGEST = 10
TOP = 20
"""Log-probabilities asked for in each place; no provider gives more."""
_LINE = re.compile(r"^[ ]*(\d+)[ ]*[\t:][ ]*(\d+)[ ]*$", re.MULTILINE)
_STRENGTHS = {str(number): number for number in range(STRONGEST + 1)}


class Simulation(Scorer):
    """Strengths of all tokens of a text."""

    name = "simulation"
    title = "Simulation"
    description = (
        "A language model plays the feature: it sees the explanation and the tokens of one text at a time and gives "
        "each a strength from 0 to 10, of which the mean by its own probabilities is taken. The value is the "
        "correlation with the true activations over all tokens: 1 is perfect, 0 is chance. Needs a model that gives "
        "log-probabilities."
    )
    asks = True
    per_kind = 5

    @property
    def prompt(self) -> Prompt:
        """What it asks with."""
        return prompt("score-simulation")

    async def judge(self, work: Work) -> list[Judged]:
        """Each text simulated."""
        return await side_by_side(self._one(work, one) for one in (*work.sample.firing, *work.sample.silent))

    def figure(self, judged: Sequence[Judged]) -> Figure:
        """The correlation over all tokens."""
        return correlation([(one.context.values, one.simulated or ()) for one in judged])

    async def _one(self, work: Work, context: Context) -> Judged:
        tokens = readable(context.tokens)
        said = await work.asked().put(
            f"text {context.origin}",
            self.prompt,
            reading(len(tokens)),
            logprobs=TOP,
            explanation=quoted(work.explanation),
            tokens="\n".join(f"{place}\t{quoted_token(token)}" for place, token in enumerate(tokens, 1)),
            n=str(len(tokens)),
        )
        if said.failure:
            return Judged(context, failure=said.failure)
        return Judged(context, simulated=tuple(said.what))


def reading(n: int) -> Read:
    """A reader of answers with a line for each of `n` tokens, in order: the expected strength of each."""

    def read(answer: Answer) -> list[float]:
        if not answer.logprobs:
            name = answer.model_said or "The model"
            raise ProviderError("refused", f"{name} gives no log-probabilities.", final=True, field="model")
        text = "".join(one.token for one in answer.logprobs)
        lines = list(_LINE.finditer(text))
        numbers = [int(line.group(1)) for line in lines]
        if numbers != list(range(1, n + 1)):
            raise Unreadable(f"The answer has no line for each of the {n} tokens in their order.")
        if not all(line.group(2) in _STRENGTHS for line in lines):
            raise Unreadable("The answer has a strength that is not between 0 and 10.")
        starts = [0, *accumulate(len(one.token) for one in answer.logprobs)]
        return [
            round(expected(answer.logprobs, bisect_right(starts, line.start(2)) - 1, int(line.group(2))), 4)
            for line in lines
        ]

    return read


def expected(logprobs: Sequence[TokenLogprob], place: int, written: int) -> float:
    """Mean strength at the token in which a number begins, over those that are whole numbers from 0 to 10.

    Where a vocabulary has only digits, 1 may be the beginning of 10: the token after it says with what probability.

    Args:
        written: the number in the answer, which it is where none of the likeliest tokens is such a number.
    """
    weights: dict[int, float] = {}
    for token, chance in _chances(logprobs[place]).items():
        if (strength := _STRENGTHS.get(token.strip())) is not None:
            weights[strength] = weights.get(strength, 0.0) + chance
    if logprobs[place].token.strip() == "1" and place + 1 < len(logprobs):
        following = _chances(logprobs[place + 1]).get("0", 0.0)
        weights[10] = weights.get(10, 0.0) + weights[1] * following
        weights[1] *= 1 - following
    total = sum(weights.values())
    return sum(strength * weight for strength, weight in weights.items()) / total if total > 0 else float(written)


def _chances(one: TokenLogprob) -> dict[str, float]:
    return {token: math.exp(logprob) for token, logprob in (*one.top, (one.token, one.logprob))}
