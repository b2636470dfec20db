"""The page of a way of explaining: how it works, what the model is asked, and the newest explanations made so."""

from __future__ import annotations

from collections.abc import AsyncIterator

import reflex as rx

from memicos_app.components.empty import Suggestion, empty, failed, not_found, skeleton_rows
from memicos_app.components.explained_rows import ExplainedRow, explained_row, explained_rows
from memicos_app.components.explanation_lines import type_path
from memicos_app.components.figures import count
from memicos_app.components.jump import outside
from memicos_app.components.layout import card, crumbs, page, page_head
from memicos_app.components.prompt_card import PromptShown, prompt_card, prompt_shown
from memicos_app.components.rights import declares
from memicos_app.library import explanation_details
from memicos_app.library.accounts.rights import Right
from memicos_app.library.autointerp.explainers import EXPLAINERS
from memicos_app.library.autointerp.prompts import prompt
from memicos_app.library.errors import LibraryError, NotFoundError
from memicos_app.library.explanation_details import MOST_COUNTED


@declares(Right.READ)
class ExplanationTypeState(rx.State):
    """What the page of one type shows."""

    phase: str = ""
    """`ready`, `missing`, `failed`, or empty while it is read."""
    shown_name: str = ""
    heading: str = ""
    description: str = ""
    credit: str = ""
    website: str = ""
    total: str = ""
    attention: bool = False
    recent: list[ExplainedRow] = []
    prompt: PromptShown = PromptShown()
    problem: str = ""
    suggestions: list[Suggestion] = []

    @rx.var
    def title(self) -> str:
        """The document's title."""
        return f"{self.heading} · Explanations · MemicOS" if self.heading else "MemicOS"

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
        except NotFoundError as error:
            self.phase, self.problem = "missing", error.message
            self.suggestions = [
                Suggestion(words=words, note=other, href=type_path(other))
                for other, words in await explanation_details.type_names()
            ]
        except LibraryError as error:
            self.phase, self.problem = "failed", error.message

    async def _read(self, name: str) -> None:
        found = await explanation_details.explanation_type(name)
        self.heading, self.description = found.display_name, found.description
        self.credit, self.website = found.creator_name, outside(found.url)
        self.attention = found.is_attention
        self.total = f"more than {count(MOST_COUNTED)}" if found.count > MOST_COUNTED else count(found.count)
        self.recent = [explained_row(one) for one in found.recent]
        self.prompt = prompt_shown(prompt(name) if name in EXPLAINERS else None)
        self.phase, self.problem = "ready", ""


@rx.page(route="/explanation-type/[type_name]", title=ExplanationTypeState.title, on_load=ExplanationTypeState.load)
def explanation_type_page() -> rx.Component:
    state = ExplanationTypeState
    return page(
        rx.match(
            state.phase,
            ("ready", content()),
            ("missing", not_found("No such way of explaining", state.problem, state.suggestions)),
            ("failed", failed(state.problem)),
            card(skeleton_rows(6)),
        ),
        active="browse",
    )


def content() -> rx.Component:
    state = ExplanationTypeState
    return rx.fragment(
        page_head(crumbs(("Explanations", "/search-explanations"), (state.shown_name, ""))),
        rx.el.h1(state.heading, class_name="title iso"),
        rx.el.div(
            rx.el.span(rx.el.b(state.total), " explanations"),
            rx.cond(state.attention, rx.el.span("for attention heads", class_name="chip")),
            rx.cond(state.credit != "", rx.el.span("by ", rx.el.bdi(state.credit))),
            rx.cond(state.website != "", rx.el.a("Website", href=state.website, rel="noopener", class_name="link")),
            class_name="meta",
        ),
        rx.el.div(
            rx.el.div(prompt_card(state.prompt), newest(), class_name="stack"),
            rx.el.div(
                card(
                    rx.el.p(
                        rx.cond(state.description != "", state.description, "Nobody has described it here."),
                        class_name="card-body prewrap iso",
                    ),
                    title="How it works",
                ),
                class_name="side",
            ),
            class_name="cols flip",
        ),
    )


def newest() -> rx.Component:
    state = ExplanationTypeState
    nothing = empty("None yet", "No feature here was explained this way. Open a feature and ask for it there.")
    return card(
        rx.cond(state.recent.length() > 0, explained_rows(state.recent, "Newest explanations"), nothing),
        title="The newest",
    )
