"""A short question to a model, to see whether its key, address and name are right before anything depends on them."""

from __future__ import annotations

import time
from dataclasses import dataclass

from memicos_app.library.providers.asking import ask
from memicos_app.library.providers.endpoints import ChatModel
from memicos_app.library.providers.ledger import Ledger
from memicos_app.library.providers.messages import Answer, Message

QUESTION = "Answer with one word: ready."
MOST_TOKENS = 16


@dataclass(frozen=True, slots=True)
class Trial:
    """What came back, and after how long."""

    answer: Answer
    seconds: float


async def trial(model: ChatModel, person: str | None = None) -> Trial:
    """Ask a model something short; the call stands in the ledger as any other.

    Raises:
        ProviderError: no answer came; its sentence says what to do.
    """
    began = time.monotonic()
    ledger = Ledger("trial", person=person)
    answer = await ask(
        model, [Message("user", QUESTION)], ledger=ledger, temperature=0.0, max_tokens=MOST_TOKENS, about=str(model)
    )
    return Trial(answer, time.monotonic() - began)
