"""The page of a way of judging explanations: how it works, what the model is asked, and the newest scores."""

from __future__ import annotations

from collections.abc import AsyncIterator

import reflex as rx

from memicos_app.components.empty import Suggestion, empty, failed, not_found, skeleton_rows
from memicos_app.components.explained_rows import ExplainedRow, explained_rows
from memicos_app.components.explanation_lines import score_type_path
from memicos_app.components.feature_address import feature_path
from memicos_app.components.figures import count
from memicos_app.components.layout import card, crumbs, page, page_head
from memicos_app.components.prompt_card import PromptShown, prompt_card, prompt_shown
from memicos_app.components.rights import declares
from memicos_app.components.visible_text import one_line
from memicos_app.library import scores
from memicos_app.library.accounts.rights import Right
from memicos_app.library.autointerp.scorers import SCORERS
from memicos_app.library.errors import LibraryError
from memicos_app.library.scores import ScoreView


@declares(Right.READ)
class ScoreTypeState(rx.State):
    """What the page of one way of judging shows."""

    phase: str = ""
    """`ready`, `missing`, `failed`, or empty while it is read."""
    shown_name: str = ""
    heading: str = ""
    description: str = ""
    total: str = ""
    recent: list[ExplainedRow] = []
    prompt: PromptShown = PromptShown()
    problem: str = ""
    suggestions: list[Suggestion] = []

    @rx.var
    def title(self) -> str:
        """The document's title."""
        return f"{self.heading} · Scores · MemicOS" if self.heading else "MemicOS"

    @rx.event
    async def load(self) -> AsyncIterator[None]:
        """Read the type of the address."""
        name = str(self.type_name)  # type: ignore[attr-defined]  # of the route
        if name != self.shown_name:
            self.reset()
            self.shown_name = name
            yield
        try:
            await self._read(name)
        except LibraryError as error:
            self.phase, self.problem = "failed", error.message

    async def _read(self, name: str) -> None:
        n = (await scores.counts()).get(name, 0)
        if name not in SCORERS and not n:
            self.phase, self.problem = "missing", f"There is no score type {name[:100]}."
            self.suggestions = [
                Suggestion(words=one.title, note=one.name, href=score_type_path(one.name)) for one in SCORERS.values()
            ]
            return
        by = SCORERS.get(name)
        self.heading = by.title if by else name
        self.description = by.description if by else ""
        self.prompt = prompt_shown(by.prompt if by else None)
        self.total, self.recent = count(n), [score_row(one) for one in await scores.recent(name)]
        self.phase, self.problem = "ready", ""


def score_row(one: ScoreView) -> ExplainedRow:
    interval = "" if one.low is None or one.high is None else f" ({one.low:.2f}–{one.high:.2f})"
    return ExplainedRow(
        href=feature_path(one.model_id, one.source_id, one.index),
        place=f"{one.model_id}/{one.source_id}/{one.index}",
        text=one_line(one.description, 2000),
        by=one_line(" · ".join(filter(None, (one.scorer, one.prompt))), 200),
        when=f"{one.created_at:%Y-%m-%d}",
        scores=f"{one.value or 0:.2f}{interval} n={one.n}",
    )


@rx.page(route="/score-type/[type_name]", title=ScoreTypeState.title, on_load=ScoreTypeState.load)
def score_type_page() -> rx.Component:
    state = ScoreTypeState
    return page(
        rx.match(
            state.phase,
            ("ready", content()),
            ("missing", not_found("No such way of judging", state.problem, state.suggestions)),
            ("failed", failed(state.problem)),
            card(skeleton_rows(6)),
        ),
        active="browse",
    )


def content() -> rx.Component:
    state = ScoreTypeState
    nothing = empty("None yet", "Open a feature and have one of its explanations judged this way.")
    newest = rx.cond(state.recent.length() > 0, explained_rows(state.recent, "Newest scores"), nothing)
    return rx.fragment(
        page_head(crumbs(("Explanations", "/search-explanations"), (state.shown_name, ""))),
        rx.el.h1(state.heading, class_name="title iso"),
        rx.el.div(rx.el.span(rx.el.b(state.total), " scores"), class_name="meta"),
        rx.el.div(
            rx.el.div(prompt_card(state.prompt), card(newest, title="The newest"), class_name="stack"),
            rx.el.div(
                card(rx.el.p(state.description, class_name="card-body prewrap iso"), title="How it works"),
                protocol(),
                class_name="side",
            ),
            class_name="cols flip",
        ),
    )


def protocol() -> rx.Component:
    return card(
        rx.el.p(
            "As many texts in which the feature fires, drawn evenly from the tenths of its range, as texts in which "
            "it does not. A call that fails is no judgement: it is counted apart, and where too many fail there is "
            "no score. The interval holds the value with 95 % confidence. The same seed draws the same texts.",
            class_name="card-body small muted",
        ),
        title="What all scores share",
    )
