"""Work on many features as a form asks for it: read, estimated, put into the queue; explaining and judging alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias, TypedDict

from memicos_app.components.figures import amount, count, money_words
from memicos_app.components.job_words import duration
from memicos_app.library import catalog
from memicos_app.library.autointerp import explaining, scoring_asked, scoring_estimate, volume
from memicos_app.library.autointerp.asked import explain_later, wanted
from memicos_app.library.autointerp.material import FeatureName
from memicos_app.library.autointerp.scorers import scorer
from memicos_app.library.errors import BadInputError, LibraryError
from memicos_app.library.job_views import JobView
from memicos_app.library.providers.runs import RunView

Estimate: TypeAlias = volume.Estimate | scoring_estimate.Estimate

FIELDS = ("subject", "type", "explainer", "indices", "max_features", "budget_usd", "concurrency", "replace")
BEGIN = {"concurrency": "8"}
EXPLAIN, JUDGE = "explain", "score"
_JUDGING = {"explainer": "scorer", "max_features": "max_explanations", "replace": "again"}
"""Fields that judging knows under other names."""
_SHOWN = {theirs: ours for ours, theirs in _JUDGING.items()} | {"scorer_model": "explainer"}
MOST_SHOWN = 20_000
"""Characters of a question that a page shows."""
Values: TypeAlias = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Preview:
    """What work would take, and the first question that would be asked."""

    facts: list[tuple[str, str]]
    question: list[tuple[str, str]]
    """(role, text) of each message."""


class RunRow(TypedDict):
    """A run as the page lists it."""

    title: str
    how: str
    state: str
    state_class: str
    progress: str
    cost: str
    when: str


async def subjects() -> list[str]:
    """Sources that have features, as `model/source`."""
    return [
        f"{model.id}/{one.id}"
        for model in await catalog.models()
        for each in await catalog.source_sets(model.id)
        for one in each.sources
        if one.n_dashboards
    ]


def plain(values: Values, what: str = EXPLAIN) -> dict[str, Any]:
    """A form as `wanted` takes it; what was left empty is not said. Raises `BadInputError`."""
    model, _, source = values.get("subject", "").partition("/")
    if not source:
        raise BadInputError("Choose a source.", field="subject")
    said = {name: values.get(name, "").strip() for name in FIELDS if name not in ("subject", "replace")}
    if what == JUDGE and not scorer(said["type"]).asks:
        said["explainer"] = ""
    elif not said["explainer"]:
        raise BadInputError("Name a language model.", field="explainer")
    known: dict[str, Any] = {name: text for name, text in said.items() if text}
    known |= {"replace": True} if values.get("replace") else {}
    renamed = {_JUDGING.get(name, name): text for name, text in known.items()} if what == JUDGE else known
    return {"model": model, "source": source, **renamed}


@contextmanager
def as_shown() -> Iterator[None]:
    """Failures inside name the form's fields."""
    try:
        yield
    except LibraryError as error:
        error.field = _SHOWN.get(error.field or "", error.field)
        raise


async def preview(values: Values, what: str = EXPLAIN) -> Preview:
    """Figures, and of explaining the first question; nobody is asked anything.

    Raises:
        BadInputError, NotFoundError: it cannot be done as asked; `field` is one of `FIELDS`.
    """
    if what == JUDGE:
        with as_shown():
            judging = scoring_asked.wanted(**plain(values, what))
            return Preview(estimate_facts(await scoring_estimate.estimate(judging), judging.budget_usd), [])
    found = wanted(**plain(values))
    facts = estimate_facts(await volume.estimate(found), found.budget_usd)
    first = (await volume.chosen(found))[:1]
    if not first:
        return Preview(facts, [])
    asked = await explaining.question(FeatureName(found.model_id, found.source_id, first[0]), found.type_name)
    return Preview(facts, [(str(message.role), message.text[:MOST_SHOWN]) for message in asked.messages])


def estimate_facts(
    one: volume.Estimate | scoring_estimate.Estimate, budget_usd: float | None
) -> list[tuple[str, str]]:
    """(words, figure) of what a run would take."""
    cost = "unknown: no price in models.toml" if one.cost_usd is None else f"about {money_words(one.cost_usd)}"
    guessed = "" if one.measured else ", guessed"
    asks = isinstance(one, volume.Estimate) or one.calls > 0
    facts = [
        ("features", count(one.features))
        if isinstance(one, volume.Estimate)
        else ("explanations", count(one.explanations)),
        ("questions", "" if isinstance(one, volume.Estimate) else f"about {count(one.calls)}" if asks else "none"),
        ("tokens to read", f"about {amount(one.tokens_in)}" if asks else ""),
        ("tokens to write", f"about {amount(one.tokens_out)}{guessed}" if asks else ""),
        ("cost", cost if asks else "nothing"),
        ("time", "unknown before its first answer" if one.seconds is None else f"about {duration(one.seconds)}"),
    ]
    facts = [(words, figure) for words, figure in facts if figure]
    if budget_usd is not None and one.cost_usd is not None and one.cost_usd > budget_usd:
        facts.append(("budget", f"{money_words(budget_usd)} end it after about {budget_usd / one.cost_usd:.0%}"))
    return facts


async def begin(values: Values, what: str = EXPLAIN) -> JobView:
    """Have a job do it. Raises as `preview`."""
    if what != JUDGE:
        return await explain_later(**plain(values))
    with as_shown():
        return await scoring_asked.score_later(**plain(values, what))


def run_row(one: RunView) -> RunRow:
    states = {
        "open": ("open", "chip accent"),
        "done": ("done", "chip"),
        "budget": ("budget spent", "chip amber"),
        "stopped": ("stopped", "chip rose"),
    }
    state, look = states[one.state]
    model = one.arguments.get("model") or {}
    budget = "" if one.budget_usd is None else f" of {money_words(one.budget_usd)}"
    unpriced = " and more, at unknown prices" if one.spent.unpriced else ""
    failed = f", {count(one.failed)} failed" if one.failed else ""
    return RunRow(
        title=f"{one.kind.capitalize()} {one.subject}",
        how=" · ".join(filter(None, (str(one.arguments.get("type_name", "")), str(model.get("name", ""))))),
        state=state,
        state_class=look,
        progress=f"{count(one.done)} of {count(one.total)}{failed}",
        cost=f"{money_words(one.spent.cost_usd)}{budget}{unpriced}",
        when=f"{one.created_at:%Y-%m-%d %H:%M}",
    )
