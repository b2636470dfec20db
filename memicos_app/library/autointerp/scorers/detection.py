"""Detection: in which of a few texts does what is explained occur?"""

from __future__ import annotations

from collections.abc import Sequence

from memicos_app.library.autointerp.figures import Figure
from memicos_app.library.autointerp.prompts import Prompt, prompt
from memicos_app.library.autointerp.quoting import quoted
from memicos_app.library.autointerp.scorers import batches
from memicos_app.library.autointerp.scorers.interface import Scorer, Work, accuracy
from memicos_app.library.autointerp.scoring import Judged
from memicos_app.library.token_text import readable


class Detection(Scorer):
    """Whole texts, a few at a time."""

    name = "eleuther_recall"
    title = "Detection"
    description = (
        "A language model sees the explanation and five texts at a time, mixed, and says for each whether the "
        "feature fires in it. The texts in which it does come evenly from the tenths of its range. The value is the "
        "mean of the shares judged rightly among both kinds: 1 is perfect, 0.5 is chance."
    )
    asks = True
    per_kind = 20

    @property
    def prompt(self) -> Prompt:
        """What it asks with."""
        return prompt("score-detection")

    async def judge(self, work: Work) -> list[Judged]:
        """Each text judged."""
        contexts = (*work.sample.firing, *work.sample.silent)
        shown = [batches.Shown(one, quoted("".join(readable(one.tokens)))) for one in contexts]
        return await batches.judge(work, self.prompt, shown)

    def figure(self, judged: Sequence[Judged]) -> Figure:
        """Balanced accuracy."""
        return accuracy(judged)
