"""What a way of judging is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from memicos_app.library.autointerp.figures import Figure, balanced_accuracy
from memicos_app.library.autointerp.prompts import Prompt
from memicos_app.library.autointerp.questions import Questions
from memicos_app.library.autointerp.sampling import Sample
from memicos_app.library.autointerp.scoring import Judged
from memicos_app.library.embedders import Embedder


@dataclass(frozen=True, slots=True)
class Work:
    """One explanation to judge by one sample."""

    explanation: str
    sample: Sample
    seed: int
    questions: Questions | None = None
    """There where the scorer asks a language model."""
    embedder: Embedder | None = None
    """There where it compares vectors."""

    def asked(self) -> Questions:
        """The way to the model, for scorers that need one."""
        assert self.questions is not None, "a scorer that asks is given somebody to ask"
        return self.questions


class Scorer(ABC):
    """A way of judging explanations."""

    name: ClassVar[str]
    title: ClassVar[str]
    description: ClassVar[str]
    """How it judges and what its value means, for people."""
    asks: ClassVar[bool]
    """Whether it asks a language model; else it compares vectors."""
    per_kind: ClassVar[int]
    """Texts of each kind, where nobody says how many."""

    @property
    @abstractmethod
    def prompt(self) -> Prompt | None:
        """What it asks with."""

    @abstractmethod
    async def judge(self, work: Work) -> list[Judged]:
        """Each text judged, in any order.

        Raises:
            ProviderError: no question to this model can be answered.
            BudgetSpent: the next question could cost more than what is left.
        """

    @abstractmethod
    def figure(self, judged: Sequence[Judged]) -> Figure:
        """The value of texts of both kinds that were judged."""


def accuracy(judged: Sequence[Judged]) -> Figure:
    """Balanced accuracy of what was said."""
    firing = [one for one in judged if one.context.fires]
    silent = [one for one in judged if not one.context.fires]
    right = (sum(one.said is True for one in firing), sum(one.said is False for one in silent))
    return balanced_accuracy(right[0], len(firing), right[1], len(silent))
