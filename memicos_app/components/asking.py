"""What a feature's page may ask language models, and what it says of their answers."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, TypedDict

from memicos_app.components.feature_ways import index_of
from memicos_app.components.figures import count
from memicos_app.library import ownership
from memicos_app.library.autointerp import explaining, sampling, score
from memicos_app.library.autointerp.explainers import EXPLAINERS
from memicos_app.library.autointerp.material import FeatureName
from memicos_app.library.autointerp.scorers import SCORERS, scorer
from memicos_app.library.errors import BadInputError
from memicos_app.library.providers import Ledger, chat_model, models

Place: TypeAlias = tuple[str, str, str]
FEWEST, MOST, PER_KIND = sampling.FEWEST, sampling.MOST, sampling.PER_KIND
LARGEST_SEED = 2**31 - 1


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


def ways_to_score() -> list[Way]:
    return [Way(name=one.name, title=one.title, words=one.description, asks=one.asks) for one in SCORERS.values()]


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


async def judged(explanation_id: str, form: Mapping[str, Any]) -> Asked:
    """Have an explanation judged as a form says. Raises as `score.score`, and `ForbiddenError`."""
    ownership.require_owner()
    began = time.monotonic()
    by = scorer(str(form.get("way", "")))
    model = chat_model(str(form.get("model", ""))) if by.asks else None
    found = await score.score(
        explanation_id,
        by.name,
        model,
        n=whole(form.get("n"), "n", PER_KIND),
        seed=whole(form.get("seed"), "seed", 0),
        ledger=Ledger("score"),
    )
    if found.value is None:
        return Asked(f"No score: {found.problem}")
    cost = cost_words(time.monotonic() - began, found.tokens_in, found.tokens_out, found.cost_usd)
    failed = f", {found.n_failed} without a judgement" if found.n_failed else ""
    return Asked(f"{found.value:.2f} from {found.n} texts{failed}, {cost}.")


def whole(text: object, name: str, otherwise: int) -> int:
    """A whole number out of a form. Raises `BadInputError`."""
    said = str(text or "").strip()
    if not said:
        return otherwise
    if not said.isdecimal() or int(said) > LARGEST_SEED:
        raise BadInputError(f"“{said[:20]}” is no whole number from 0 on.", field=name)
    return int(said)


def cost_words(seconds: float, tokens_in: int | None, tokens_out: int | None, cost_usd: float | None) -> str:
    """`in 3.1 s with 812 + 14 tokens, $0.0002`; what is not known is not said, a cost that is not, is."""
    tokens = f" with {count(tokens_in)} + {count(tokens_out or 0)} tokens" if tokens_in else ""
    cost = "" if not tokens_in else ", cost unknown" if cost_usd is None else f", ${cost_usd:.4f}"
    return f"in {seconds:.1f} s{tokens}{cost}"
