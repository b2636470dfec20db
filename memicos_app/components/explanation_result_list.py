"""The results of a search by explanation, with what was searched, what is missing, and how it goes on."""

from __future__ import annotations

from typing import Any

import reflex as rx

from memicos_app.components.copy import command
from memicos_app.components.empty import empty, skeleton_rows
from memicos_app.components.explanation_results import result_item
from memicos_app.components.explanations_asked import search_in
from memicos_app.components.layout import card
from memicos_app.components.more_button import more_button
from memicos_app.components.nav import NavState

EXAMPLES = ("energy", "words about law", "Shakespeare", "the end of a sentence", "kindness")


def results(state: Any) -> rx.Component:
    return rx.el.section(
        rx.el.div(
            rx.el.h2(state.summary, aria_live="polite"),
            rx.el.span(
                rx.cond(state.used != "", rx.el.span(state.used, class_name="muted small")),
                rx.cond(state.took != "", rx.el.span(state.took, class_name="chip")),
                rx.cond(
                    state.rows.length() > 0,
                    rx.el.a(
                        "As a list", href=state.list_href, title="These features as a list", class_name="btn small"
                    ),
                ),
                class_name="row wrap",
            ),
            class_name="card-head wrap",
        ),
        notes(state),
        rx.cond(
            state.loaded,
            rx.cond(
                state.rows.length() > 0,
                rx.fragment(
                    rx.el.ol(rx.foreach(state.rows, result_item), data_list="", class_name="card-rows results"),
                    rx.cond(state.more_follow, rest(state)),
                ),
                rx.cond(state.busy | (state.problem != ""), rx.fragment(), nothing(state)),
            ),
            skeleton_rows(12),
        ),
        aria_label="Results",
        aria_busy=state.busy,
        class_name=rx.cond(state.busy, "card is-busy", "card"),
    )


def notes(state: Any) -> rx.Component:
    """What a person should know of this search, and what makes it better."""
    return rx.cond(
        (state.note != "") | state.lacks_vectors,
        rx.el.div(
            rx.el.p(state.note),
            rx.cond(state.lacks_vectors, command("memicos embed")),
            class_name="notice amber search-notes",
        ),
    )


def rest(state: Any) -> rx.Component:
    return rx.el.div(
        more_button(
            busy=state.more_busy,
            count=state.rows.length(),
            words=rx.cond(state.more_busy, "Loading more", "More results"),
            on_more=state.more,
        ),
        class_name="card-foot centred",
    )


def nothing(state: Any) -> rx.Component:
    return empty(
        "Nothing found",
        rx.cond(
            state.chips.length() > 0,
            "No explanation here fits the filters. Leave one out, or look in all models.",
            "No explanation here holds these words. Try other ones, or look in all models.",
        ),
        rx.cond(state.chips.length() > 0, rx.el.a("Clear filters", href=state.clear_href, class_name="btn")),
        rx.el.a("Browse all features", href="/" + NavState.default_model, class_name="btn"),
    )


def hint() -> rx.Component:
    tried = [rx.el.a(words, href=search_in(words), class_name="btn small") for words in EXAMPLES]
    return card(
        empty(
            "What should a feature mean?",
            "Results come while you type: by meaning, by words, or by both.",
            rx.el.div(*tried, class_name="row wrap"),
        )
    )
