"""Language models that are asked over the net or on this machine: which there are, their keys, prices and answers.

`ask` is the one way to a model: guarded, paced, tried again, and written into the ledger. What is asked and what is
done with an answer belongs to the callers.
"""

from __future__ import annotations

from memicos_app.library.providers.asking import ask, models
from memicos_app.library.providers.endpoints import ChatModel, chat_model
from memicos_app.library.providers.errors import BudgetSpent, ProviderError
from memicos_app.library.providers.ledger import Ledger, Spent
from memicos_app.library.providers.messages import Answer, Message, TokenLogprob

__all__ = [
    "Answer",
    "BudgetSpent",
    "ChatModel",
    "Ledger",
    "Message",
    "ProviderError",
    "Spent",
    "TokenLogprob",
    "ask",
    "chat_model",
    "models",
]
