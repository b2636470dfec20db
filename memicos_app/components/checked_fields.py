"""Fields of a form that are checked as a person types, each with what is wrong with it beside it.

A page's state says how: it has `wrong`, a sentence a field (empty: nothing), and `typed(name, value)`; where it is a
`CheckedForm`, it tells the rest, too.
"""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex.event import EventSpec

from memicos_app.components.held import held_select
from memicos_app.components.layout import card
from memicos_app.components.rights import declares
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import LibraryError

PAUSE = 250
"""Milliseconds without a key before what was typed is checked."""


@declares(Right.READ)
class CheckedForm(rx.State, mixin=True):
    """What a form that makes something knows: what is wrong, and the address of what has its id already."""

    wrong: dict[str, str] = {}
    problem: str = ""
    there: str = ""
    may_edit: bool = True

    def _first_wrong(self) -> EventSpec | None:
        """Go to the first field with which something is wrong; None where nothing is."""
        first = next((name for name, words in self.wrong.items() if words), "")
        return rx.set_focus(first) if first else None

    def _tell(self, error: LibraryError, address: str) -> EventSpec | None:
        """Say it beside its field and go there; `address` is where what was to be made would be."""
        if error.field not in self.wrong:
            self.problem = error.message
            return None
        self.wrong[error.field] = error.message
        self.there = address if error.code == "conflict" else ""
        return rx.set_focus(error.field)


def text_field(state: type[Any], name: str, label: str, *, hint: str = "", **props: Any) -> rx.Component:
    """A line of text; `hint` says what belongs there."""
    control = rx.el.input(
        **_common(state, name, hint),
        on_change=state.typed(name).debounce(PAUSE),
        on_blur=left(state, name),
        auto_complete="off",
        class_name="input",
        **props,
    )
    return _labelled(state, name, label, hint, control, required="required" in props)


def left(state: type[Any], name: str) -> Any:
    """What a field holds is told at once when it is left: the pause of the next one would take its place."""
    return lambda value: rx.cond(value != "", state.typed(name, value), rx.noop())


def choice_field(
    state: type[Any], name: str, label: str, options: rx.Component, *, value: rx.Var[str], hint: str = ""
) -> rx.Component:
    """One of several."""
    control = held_select(
        options, **_common(state, name, hint), value=value, on_change=state.typed(name), class_name="select"
    )
    return _labelled(state, name, label, hint, control, required=True)


def pair(*fields: rx.Component) -> rx.Component:
    """Fields side by side where there is room."""
    return rx.el.div(*fields, class_name="grid-2")


def already_there(state: type[Any]) -> rx.Component:
    """The way to what has the id that was typed."""
    link = rx.el.a("Open the one that is here", href=state.there, class_name="link")
    return rx.cond(state.there != "", rx.el.p(link, class_name="small"))


def form_end(state: type[Any], words: str) -> list[rx.Component]:
    """What is wrong with the whole, and the button that sends the form."""
    return [
        rx.cond(state.problem != "", rx.el.p(state.problem, class_name="notice rose iso", role="alert")),
        rx.el.div(rx.el.button(words, type="submit", class_name="btn primary"), class_name="row"),
    ]


def only_the_owner() -> rx.Component:
    """In place of a form, where the person at the other end may change nothing."""
    return card(
        rx.el.p(
            "Only administrators of this site add to it here.",
            class_name="card-body muted",
        )
    )


def _common(state: type[Any], name: str, hint: str) -> dict[str, Any]:
    described = f"{name}-wrong {name}-hint" if hint else f"{name}-wrong"
    return {
        "id": name,
        "name": name,
        "aria_invalid": rx.cond(state.wrong[name] != "", "true", "false"),
        "aria_describedby": described,
    }


def _labelled(
    state: type[Any], name: str, label: str, hint: str, control: rx.Component, *, required: bool
) -> rx.Component:
    optional = rx.fragment() if required else rx.el.span(" optional", class_name="faint")
    return rx.el.div(
        rx.el.label(label, optional, html_for=name, class_name="label"),
        control,
        rx.el.p(state.wrong[name], id=f"{name}-wrong", aria_live="polite", class_name="field-wrong small iso"),
        rx.el.p(hint, id=f"{name}-hint", class_name="field-hint tiny faint") if hint else rx.fragment(),
        class_name="field",
    )
