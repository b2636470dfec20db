"""A few texts in one question, a 0 or 1 for each in the answer: what detection and fuzzing share."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from memicos_app.library.autointerp.prompts import Prompt
from memicos_app.library.autointerp.questions import Read, Unreadable, side_by_side
from memicos_app.library.autointerp.quoting import quoted
from memicos_app.library.autointerp.sampling import Context
from memicos_app.library.autointerp.scorers.interface import Work
from memicos_app.library.autointerp.scoring import Judged
from memicos_app.library.providers import Answer

SIZE = 5
_LIST = re.compile(r"\[[^\[\]]*\]")


@dataclass(frozen=True, slots=True)
class Shown:
    """A text as the judge sees it, in quotes."""

    context: Context
    quote: str
    marked: tuple[int, ...] = ()


async def judge(work: Work, prompt: Prompt, shown: Sequence[Shown]) -> list[Judged]:
    """All texts, shuffled by the seed whatever order they come in, five a question; the last may have fewer."""
    mixed = sorted(shown, key=lambda one: (one.quote, one.context.origin))
    random.Random(f"{work.seed}/{prompt.name}").shuffle(mixed)
    batches = [mixed[start : start + SIZE] for start in range(0, len(mixed), SIZE)]
    judged = await side_by_side(_batch(work, prompt, number, one) for number, one in enumerate(batches))
    return [one for batch in judged for one in batch]


async def _batch(work: Work, prompt: Prompt, number: int, batch: Sequence[Shown]) -> list[Judged]:
    said = await work.asked().put(
        f"batch {number}",
        prompt,
        reading(len(batch)),
        explanation=quoted(work.explanation),
        texts="\n".join(f"Text {place}: {one.quote}" for place, one in enumerate(batch, 1)),
        n=str(len(batch)),
    )
    if said.failure:
        return [Judged(one.context, marked=one.marked, failure=said.failure) for one in batch]
    return [
        Judged(one.context, said=bool(answer), marked=one.marked)
        for one, answer in zip(batch, said.what, strict=True)
    ]


def reading(n: int) -> Read:
    """A reader of answers that hold one list of exactly `n` numbers, each 0 or 1."""

    def read(answer: Answer) -> list[int]:
        lists = _LIST.findall(answer.text)
        if len(lists) != 1:
            raise Unreadable(f"The answer holds {len(lists) or 'no'} lists; it should hold one.")
        try:
            numbers = json.loads(lists[0])
        except ValueError:
            numbers = []
        if len(numbers) != n or not all(type(one) is int and one in (0, 1) for one in numbers):
            raise Unreadable(f"The answer is no list of {n} zeros and ones.")
        return [int(one) for one in numbers]

    return read
