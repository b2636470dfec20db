"""Work on many features as a form asks for it: read, estimated, put into the queue; explaining and judging alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, TypedDict

from memicos_app.components.figures import amount, count, money_words
from memicos_app.components.job_words import duration
from memicos_app.library import catalog
from memicos_app.library.autointerp import explaining, volume
from memicos_app.library.autointerp.asked import explain_later, wanted
from memicos_app.library.autointerp.material import FeatureName
from memicos_app.library.errors import BadInputError
from memicos_app.library.job_views import JobView
from memicos_app.library.providers.runs import RunView

FIELDS = ("subject", "type", "explainer", "indices", "max_features", "budget_usd", "concurrency", "replace")
BEGIN = {"concurrency": "8"}
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


def plain(values: Values) -> dict[str, Any]:
    """A form as `asked.wanted` takes it; what was left empty is not said. Raises `BadInputError`."""
    model, _, source = values.get("subject", "").partition("/")
    if not source:
        raise BadInputError("Choose a source.", field="subject")
    if not values.get("explainer", "").strip():
        raise BadInputError("Name a language model.", field="explainer")
    said = {name: values.get(name, "").strip() for name in FIELDS if name not in ("subject", "replace")}
    return {"model": model, "source": source, "replace": bool(values.get("replace"))} | {
        name: text for name, text in said.items() if text
    }


async def preview(values: Values) -> Preview:
    """Figures and first question; nobody is asked anything.

    Raises:
        BadInputError, NotFoundError: it cannot be done as asked; `field` is one of `FIELDS`.
    """
    found = wanted(**plain(values))
    estimate = await volume.estimate(found)
    first = (await volume.chosen(found))[:1]
    question: list[tuple[str, str]] = []
    if first:
        name = FeatureName(found.model_id, found.source_id, first[0])
        asked = await explaining.question(name, found.type_name)
        question = [(str(message.role), message.text[:MOST_SHOWN]) for message in asked.messages]
    return Preview(estimate_facts(estimate, found.budget_usd), question)


def estimate_facts(one: volume.Estimate, budget_usd: float | None) -> list[tuple[str, str]]:
    """(words, figure) of what a run would take."""
    cost = "unknown: no price in models.toml" if one.cost_usd is None else f"about {money_words(one.cost_usd)}"
    facts = [
        ("features", count(one.features)),
        ("tokens to read", f"about {amount(one.tokens_in)}"),
        ("tokens to write", f"about {amount(one.tokens_out)}" + ("" if one.measured else ", guessed")),
        ("cost", cost),
        ("time", "unknown before its first answer" if one.seconds is None else f"about {duration(one.seconds)}"),
    ]
    if budget_usd is not None and one.cost_usd is not None and one.cost_usd > budget_usd:
        facts.append(("budget", f"{money_words(budget_usd)} end it after about {budget_usd / one.cost_usd:.0%}"))
    return facts


async def begin(values: Values) -> JobView:
    """Have a job do it. Raises as `preview`."""
    return await explain_later(**plain(values))


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
