"""One score opened: its figure with interval and sample, how it was made, and every text that was judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import reflex as rx

from memicos_app.components.explanation_lines import score_type_path
from memicos_app.components.feature_display import Shown
from memicos_app.components.feature_facts import Fact
from memicos_app.components.figures import count, value
from memicos_app.components.rights import declares, needs
from memicos_app.components.token_strip import StripGroup, StripRow, pack, token_strip
from memicos_app.components.visible_text import one_line
from memicos_app.library import ownership, scores
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import LibraryError
from memicos_app.library.scores import ScoreView
from memicos_app.library.token_text import readable

DIALOG = "score-dialog"
SHOW = f"document.getElementById('{DIALOG}').showModal()"
HIDE = f"document.getElementById('{DIALOG}').close()"
SIMULATED_TO = 10.0
"""The largest activation that a simulation writes."""


@dataclass(frozen=True, slots=True)
class ScoreShown:
    """A score as its dialog shows it."""

    id: str = ""
    name: str = ""
    href: str = ""
    figure: str = ""
    interval: str = ""
    problem: str = ""
    failed: str = ""
    text: str = ""
    """The wording that was judged."""
    facts: list[Fact] = field(default_factory=list)
    groups: list[StripGroup] = field(default_factory=list)
    maximum: float = 0.0


def score_shown(one: ScoreView, examples: Sequence[Mapping[str, Any]]) -> ScoreShown:
    return ScoreShown(
        id=one.id,
        name=one.type_name,
        href=score_type_path(one.type_name),
        figure="–" if one.value is None else f"{one.value:.2f}",
        interval="" if one.low is None or one.high is None else f"{one.low:.2f} to {one.high:.2f} (95 %)",
        problem=one_line(one.problem, 500),
        failed=failed_words(one.n_failed),
        text=one_line(one.description, 2000),
        facts=score_facts(one),
        groups=judged_groups(examples),
        maximum=float(one.settings.get("maximum") or 0.0),
    )


def failed_words(n: int) -> str:
    """What is said of calls that brought no judgement."""
    if n == 1:
        return "1 text has no judgement and counts for nothing."
    return f"{count(n)} texts have no judgement and count for nothing." if n else ""


def score_facts(one: ScoreView) -> list[Fact]:
    """How it was made."""
    tokens = f"{count(one.tokens_in)} + {count(one.tokens_out or 0)}" if one.tokens_in else ""
    silent = "measured" if one.settings.get("checked") else "assumed"
    cost = "" if not one.tokens_in else "unknown" if one.cost_usd is None else f"${one.cost_usd:.6f}"
    facts = {
        "texts judged": count(one.n),
        "judged by": one_line(one.scorer, 100),
        "prompt": one.prompt,
        "seed": str(one.seed),
        "silent texts are": silent if "checked" in one.settings else "",
        "tokens": tokens,
        "cost": cost,
        "made": f"{one.created_at:%Y-%m-%d %H:%M} UTC",
    }
    return [Fact(name, text) for name, text in facts.items() if text]


def judged_groups(examples: Sequence[Mapping[str, Any]]) -> list[StripGroup]:
    """Texts by what came of them: wrong first, for they teach most."""
    if any(one.get("simulated") for one in examples):
        return [group("Activations as they are, and as simulated below", examples)]
    if any(one.get("similarity") is not None for one in examples):
        near = sorted(examples, key=lambda one: -(one.get("similarity") or -2.0))
        return [
            group("The feature fires", [one for one in near if one["fires"]]),
            group("It does not", [one for one in near if not one["fires"]]),
        ]
    told = [one for one in examples if one["said"] is not None]
    groups = [
        group("Judged wrong", [one for one in told if one["said"] != one["fires"]]),
        group("Judged right", [one for one in told if one["said"] == one["fires"]]),
        group("No judgement", [one for one in examples if one["said"] is None]),
    ]
    return [one for one in groups if one["rows"]]


def group(title: str, examples: Sequence[Mapping[str, Any]]) -> StripGroup:
    return StripGroup(title=title, note=count(len(examples)), rows=[row for one in examples for row in rows(one)])


def rows(one: Mapping[str, Any]) -> list[StripRow]:
    """A text with the feature's activations; where they were simulated, these stand below."""
    tokens, values = readable(one["tokens"]), [float(value) for value in one["values"]]
    if not tokens:
        return []
    label = value(max(values)) if one["fires"] else "0"
    made = [pack(tokens, values, label=label, caption=one_line(verdict(one), 200))]
    if simulated := one.get("simulated"):
        scale = (max(values) or 1.0) / SIMULATED_TO
        made.append(pack(tokens, [float(each) * scale for each in simulated], label="≈", caption="simulated"))
    return made


def verdict(one: Mapping[str, Any]) -> str:
    """What was said of a text."""
    if one.get("failure"):
        return str(one["failure"])
    if one.get("similarity") is not None:
        return f"similarity {one['similarity']:.2f}"
    if one["said"] is None:
        return ""
    said = ("fires" if one["fires"] else "silent") + (", said: fits" if one["said"] else ", said: does not fit")
    return f"{said}. {one['reason']}" if one.get("reason") else said


@declares(Right.READ)
class ScoreDialog(rx.State, mixin=True):
    """The score that is looked at; the page that mixes this in has `_reread`."""

    score: ScoreShown = ScoreShown()

    async def _reread(self) -> None:
        raise NotImplementedError

    @rx.event
    async def open_score(self, score_id: str) -> Any:
        """Read a score with its texts and show them."""
        try:
            found = await scores.details(score_id)
        except LibraryError as error:
            return rx.toast.error(error.message)
        self.score = score_shown(found.score, found.examples)
        return rx.call_script(SHOW)

    @rx.event
    @needs(Right.MANAGE)
    async def delete_score(self) -> Any:
        """Take the score back."""
        try:
            ownership.require_owner()
            await scores.delete(self.score.id)
            await self._reread()
        except LibraryError as error:
            return rx.toast.error(error.message)
        return rx.call_script(HIDE)


def score_dialog(state: type[Any]) -> rx.Component:
    """`state` mixes in `ScoreDialog` and says who `may_edit`."""
    one: Shown[ScoreShown] = state.score
    return rx.el.dialog(
        rx.el.div(
            rx.el.span(
                rx.el.a(one.name, href=one.href, class_name="link"),
                rx.el.b(one.figure, class_name="num"),
                rx.el.span(one.interval, class_name="muted"),
                class_name="row wrap",
            ),
            rx.el.form(rx.el.button("×", aria_label="Close", class_name="btn quiet small icon"), method="dialog"),
            class_name="card-head lined",
        ),
        rx.el.div(
            rx.el.p(one.text, class_name="iso strong"),
            rx.cond(one.problem != "", rx.el.p(one.problem, class_name="notice rose iso")),
            rx.cond(one.failed != "", rx.el.p(one.failed, class_name="notice amber")),
            rx.el.dl(
                rx.foreach(
                    one.facts, lambda fact: rx.fragment(rx.el.dt(fact.name), rx.el.dd(fact.value, class_name="iso"))
                ),
                class_name="kv",
            ),
            class_name="card-body stack",
        ),
        token_strip(
            groups=one.groups, max_value=one.maximum, layout="full", breaks=False, expandable=False, values=True
        ),
        rx.cond(
            state.may_edit,
            rx.el.div(
                rx.el.button("Delete this score", type="button", on_click=state.delete_score, class_name="btn small"),
                class_name="card-body",
            ),
        ),
        id=DIALOG,
        aria_label="A score and what was judged",
        class_name="dialog wide",
    )
