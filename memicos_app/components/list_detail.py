"""A list's features one at a time: the names on one side, the whole dashboard of the chosen one on the other."""

from __future__ import annotations

from typing import Any

import reflex as rx

from memicos_app.components.keys import kbd
from memicos_app.components.list_rows import ListRow


def list_detail(state: type[Any]) -> rx.Component:
    """The names and the dashboard; j and k go to the next and the one before."""
    return rx.el.div(
        rx.el.nav(
            rx.el.div(
                step("k ArrowUp", "‹", "Previous", state.choose_next(-1), state.chosen == 0),
                rx.el.span(state.chosen + 1, " of ", state.rows.length(), class_name="small muted"),
                step("j ArrowDown", "›", "Next", state.choose_next(1), state.chosen + 1 >= state.rows.length()),
                class_name="spread list-steps",
            ),
            rx.el.ol(rx.foreach(state.rows, lambda one, at: name(one, at, state)), class_name="card-rows"),
            aria_label="Features of the list",
            class_name="card list-names",
        ),
        rx.el.iframe(
            src=state.chosen_src, key=state.chosen_src, title="The chosen feature", class_name="card list-dashboard"
        ),
        class_name="cols list-detail",
    )


def step(keys: str, sign: str, words: str, event: Any, off: rx.Var[bool]) -> rx.Component:
    return rx.el.button(
        sign,
        " ",
        kbd(keys[0]),
        type="button",
        aria_label=words,
        disabled=off,
        data_key=keys,
        data_key_label=f"{words.lower()} feature of the list",
        on_click=event,
        class_name="btn small",
    )


def name(one: rx.Var[ListRow], at: rx.Var[int], state: type[Any]) -> rx.Component:
    card = one["card"]
    return rx.el.li(
        rx.el.button(
            rx.el.span(card["title"], class_name="clamp-2 iso"),
            rx.el.span(card["place"], "/", card["number"], class_name="tiny faint mono iso"),
            rx.cond(one["note"] != "", rx.el.span(one["note"], class_name="tiny muted clamp-2 iso")),
            type="button",
            aria_current=rx.cond(state.chosen == at, "true", "false"),
            on_click=state.choose(at),
        ),
        key=card["key"],
    )
