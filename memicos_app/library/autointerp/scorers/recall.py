"""Recall: the explanation beside one text at a time, yes or no, with a reason."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from memicos_app.library.autointerp.figures import Figure
from memicos_app.library.autointerp.prompts import Prompt, prompt
from memicos_app.library.autointerp.questions import Unreadable, side_by_side
from memicos_app.library.autointerp.quoting import quoted
from memicos_app.library.autointerp.sampling import Context
from memicos_app.library.autointerp.scorers.interface import Scorer, Work, accuracy
from memicos_app.library.autointerp.scoring import Judged
from memicos_app.library.providers import Answer
from memicos_app.library.token_text import readable

LONGEST_REASON = 300


class Recall(Scorer):
    """Each text by itself."""

    name = "recall_alt"
    title = "Recall"
    description = (
        "A language model sees the explanation and one text at a time and says whether what is explained occurs "
        "in it, with a reason. The value is the mean of the shares judged rightly among texts in which the feature "
        "fires and among texts in which it does not: 1 is perfect, 0.5 is chance."
    )
    asks = True
    per_kind = 20

    @property
    def prompt(self) -> Prompt:
        """What it asks with."""
        return prompt("score-recall")

    async def judge(self, work: Work) -> list[Judged]:
        """Each text judged."""
        return await side_by_side(self._one(work, one) for one in (*work.sample.firing, *work.sample.silent))

    def figure(self, judged: Sequence[Judged]) -> Figure:
        """Balanced accuracy."""
        return accuracy(judged)

    async def _one(self, work: Work, context: Context) -> Judged:
        said = await work.asked().put(
            f"text {context.origin}",
            self.prompt,
            read,
            explanation=quoted(work.explanation),
            text=quoted("".join(readable(context.tokens))),
        )
        if said.failure:
            return Judged(context, failure=said.failure)
        return Judged(context, said=said.what["match"], reason=said.what["reason"])


def read(answer: Answer) -> dict[str, Any]:
    """`match` and `reason` of an answer that holds one JSON object with both."""
    text = answer.text
    start, end = text.find("{"), text.rfind("}")
    try:
        said = json.loads(text[start : end + 1])
    except ValueError:
        raise Unreadable("The answer holds no JSON object.") from None
    if not isinstance(said, dict) or not isinstance(said.get("match"), bool):
        raise Unreadable("The answer does not say whether it matches, true or false.")
    return {"match": said["match"], "reason": str(said.get("reason", ""))[:LONGEST_REASON]}
