"""The field for a text that is searched, with texts to try."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import reflex as rx

from memicos_app.components.held import held_checkbox
from memicos_app.components.test_box import submit_on_enter
from memicos_app.components.text_asked import LONGEST

FORM = "search-form"
EXAMPLES = (
    "The treaty was signed in Paris, and the war was over at last.",
    "def add(a, b):\n    return a + b",
    "Shall I compare thee to a summer's day?",
)


def text_form(
    text: rx.Var[str],
    text_round: rx.Var[int],
    busy: rx.Var[bool],
    on_submit: rx.EventHandler,
    *settings: rx.Component,
) -> rx.Component:
    """The field, with `settings` below; a new `text_round` puts `text` into it, else it keeps what is typed."""
    return rx.el.form(
        rx.el.div(
            rx.el.label("Text to search", html_for="search-text", class_name="sr"),
            rx.el.textarea(
                id="search-text",
                key=text_round,
                name="text",
                default_value=text,
                rows=2,
                max_length=LONGEST,
                placeholder="A sentence, a line of code, a few words",
                spell_check=False,
                on_key_down=lambda key, info: submit_on_enter(key, info, FORM),
                data_key="t",
                data_key_label="edit the text",
                class_name="textarea grow",
            ),
            rx.el.button(
                rx.cond(busy, "Searching", "Search"),
                type="submit",
                title="Search (Ctrl+Enter)",
                aria_busy=busy,
                class_name="btn primary",
            ),
            class_name="row search-text",
        ),
        rx.el.div(*settings, class_name="row wrap search-settings"),
        id=FORM,
        on_submit=on_submit,
        role="search",
        class_name="card search-card",
    )


def examples(address: Callable[[str], str], texts: Sequence[str] = EXAMPLES) -> rx.Component:
    """Links that search each of `texts`."""
    links: list[Any] = [rx.el.a(one, href=address(one), class_name="btn small clip") for one in texts]
    return rx.el.div(*links, class_name="stack tight tries")


def switch(words: str, on: rx.Var[bool], on_change: rx.EventHandler, told: str) -> rx.Component:
    """A setting that is on or off; `told` says what it does."""
    return rx.el.label(
        held_checkbox(checked=on, on_change=on_change),
        words,
        title=told,
        class_name="switch",
    )


def told_problem(problem: rx.Var[str], waits: rx.Var[bool]) -> rx.Component:
    """What is wrong; quieter where the search only waits."""
    look = rx.cond(waits, "notice amber search-notice iso", "notice rose search-notice iso")
    return rx.cond(problem != "", rx.el.p(problem, role="alert", class_name=look))
