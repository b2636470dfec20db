"""Fuzzing: are the marked tokens of a text those at which a feature of this meaning fires?"""

from __future__ import annotations

import random
from collections.abc import Sequence

from memicos_app.library.autointerp.figures import Figure
from memicos_app.library.autointerp.prompts import Prompt, prompt
from memicos_app.library.autointerp.quoting import marked
from memicos_app.library.autointerp.sampling import Context
from memicos_app.library.autointerp.scorers import batches
from memicos_app.library.autointerp.scorers.batches import Shown
from memicos_app.library.autointerp.scorers.interface import Scorer, Work, accuracy
from memicos_app.library.autointerp.scoring import Judged
from memicos_app.library.token_text import readable

SHARE = 0.3
"""Of a text's strongest activation, from which on a token is marked."""
MARKS = ("<<", ">>")


class Fuzzing(Scorer):
    """Texts with marked tokens, a few at a time."""

    name = "eleuther_fuzz"
    title = "Fuzzing"
    description = (
        "A language model sees the explanation and five texts at a time in which some tokens are marked, and says "
        "for each text whether these are the tokens at which the feature fires. In texts in which it fires they are, "
        "from 30 % of its strongest activation there; in the others the marks of such a text are copied. The value "
        "is the mean of the shares judged rightly among both kinds: 1 is perfect, 0.5 is chance."
    )
    asks = True
    per_kind = 20

    @property
    def prompt(self) -> Prompt:
        """What it asks with."""
        return prompt("score-fuzzing")

    async def judge(self, work: Work) -> list[Judged]:
        """Each text judged."""
        firing = [(one, marks(one)) for one in work.sample.firing]
        chance = random.Random(f"{work.seed}/marks")
        patterns = sorted(places for _, places in firing)
        silent = [(one, copied(chance.choice(patterns), len(one.tokens))) for one in work.sample.silent]
        shown = [Shown(one, with_marks(one.tokens, places), places) for one, places in firing + silent]
        return await batches.judge(work, self.prompt, shown)

    def figure(self, judged: Sequence[Judged]) -> Figure:
        """Balanced accuracy."""
        return accuracy(judged)


def marks(context: Context) -> tuple[int, ...]:
    """Places of the tokens at which the feature fires clearly."""
    least = SHARE * max(context.values)
    return tuple(place for place, value in enumerate(context.values) if value > 0 and value >= least)


def copied(places: Sequence[int], n: int) -> tuple[int, ...]:
    """The same places in a text of `n` tokens; those beyond its end from its beginning."""
    return tuple(sorted({place % n for place in places}))


def with_marks(tokens: Sequence[str], places: Sequence[int]) -> str:
    """The text in quotes, each run of marked tokens between marks, which it cannot hold itself."""
    chosen = set(places)
    return marked(readable(tokens), lambda place: MARKS if place in chosen else ("", ""))
