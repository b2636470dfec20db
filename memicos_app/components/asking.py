"""What a feature's page may ask language models, and what it says of their answers."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, TypedDict

from memicos_app.components.feature_ways import index_of
from memicos_app.components.figures import count
from memicos_app.library import ownership
from memicos_app.library.autointerp import explaining
from memicos_app.library.autointerp.explainers import EXPLAINERS
from memicos_app.library.autointerp.material import FeatureName
from memicos_app.library.providers import Ledger, chat_model, models

Place: TypeAlias = tuple[str, str, str]


class Way(TypedDict):
    """A way of explaining or scoring."""

    name: str
    title: str
    words: str
    asks: bool
    """Whether a language model is asked."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of a question."""

    words: str
    explanation_id: str = ""


def ways_to_explain() -> list[Way]:
    return [Way(name=one.name, title=one.title, words=one.description, asks=True) for one in EXPLAINERS.values()]


async def model_names() -> list[str]:
    """Models that can be asked now, as `provider:name`."""
    return [str(one) for one in await models()]


async def explained(place: Place, form: Mapping[str, Any]) -> Asked:
    """Have a feature explained as a form says. Raises as `explaining.explain`, and `ForbiddenError`."""
    ownership.require_owner()
    began = time.monotonic()
    feature = FeatureName(place[0], place[1], index_of(place[2]) or 0)
    model = chat_model(str(form.get("model", "")))
    found = await explaining.explain(
        feature, str(form.get("way", "")), model, ledger=Ledger("explain"), replace=bool(form.get("replace"))
    )
    answer = found.answer
    took = cost_words(time.monotonic() - began, answer.tokens_in, answer.tokens_out, answer.cost_usd)
    return Asked(f"Explained {took}.", found.id)


def cost_words(seconds: float, tokens_in: int | None, tokens_out: int | None, cost_usd: float | None) -> str:
    """`in 3.1 s with 812 + 14 tokens, $0.0002`; what is not known is not said, a cost that is not, is."""
    tokens = f" with {count(tokens_in)} + {count(tokens_out or 0)} tokens" if tokens_in else ""
    cost = "" if not tokens_in else ", cost unknown" if cost_usd is None else f", ${cost_usd:.4f}"
    return f"in {seconds:.1f} s{tokens}{cost}"
