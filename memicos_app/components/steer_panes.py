"""The right half of the steer page: the prompt, and two texts or two conversations side by side."""

from __future__ import annotations

from typing import Any, TypeAlias, TypedDict

import reflex as rx

from memicos_app.components.held import held_textarea
from memicos_app.components.written_text import Choice, written_text

Var: TypeAlias = Any
Handler: TypeAlias = Any
"""A value and an event handler of a page's state; Reflex makes their types at run time."""


class Text(TypedDict):
    """A text as a pane shows it."""

    text: str
    marks: list[int]
    """Where it differs from the unsteered one; see `written_text.marks`."""
    tokens: list[Choice]
    """With the likeliest ones, once it is complete."""


class Turn(TypedDict):
    """One turn of both conversations: what was said, and the two answers."""

    said: str
    default: Text
    steered: Text


NOTHING = Text(text="", marks=[], tokens=[])


def pane(
    title: str, name: str, *, asked: Var, text: Var, past: Var, chat: Var, speed: Var, busy: Var
) -> rx.Component:
    """One side: a text after the prompt, or a conversation; `name` is `default` or `steered`."""
    live = name == "steered"
    return rx.el.section(
        rx.el.div(rx.el.h2(title), rx.el.span(speed, class_name="num tiny faint"), class_name="card-head"),
        rx.el.div(
            rx.cond(
                chat,
                rx.fragment(
                    rx.foreach(past, lambda turn: exchange(turn["said"], turn[name], False)),
                    rx.cond(asked != "", exchange(asked, text, busy), nothing_said()),
                ),
                written(text, busy=busy, before=asked),
            ),
            class_name="steer-text",
            aria_live="polite",
            aria_busy=busy,
            aria_label=title + " text",
            role="log",
            data_pane=name,
        ),
        class_name="card steer-pane is-live" if live else "card steer-pane",
    )


def exchange(said: Var, answer: Var, busy: Var | bool) -> rx.Component:
    """What a person said and what the model answered."""
    return rx.el.div(
        rx.el.p(said, class_name="said iso"),
        written(answer, busy=busy, markdown=True),
        class_name="exchange",
    )


def written(text: Var, *, busy: Var | bool, markdown: bool = False, before: Var | str = "") -> rx.Component:
    return written_text(
        text=text["text"],
        marks=text["marks"],
        tokens=text["tokens"],
        busy=busy,
        markdown=markdown,
        before=before,
    )


def nothing_said() -> rx.Component:
    return rx.el.p("Say something below; both sides answer.", class_name="small muted")


def prompt_box(
    value: Var,
    round_: Var,
    *,
    chat: Var,
    on_change: Handler,
    on_run: Handler,
    on_stop: Handler,
    on_reset: Handler,
    busy: Var,
    longest: int,
) -> rx.Component:
    """The prompt or the next message with its verbs; Enter runs, Shift+Enter breaks the line, Escape stops.

    What is typed stays as it is until another `round_` puts `value` in its place.
    """
    return rx.el.form(
        rx.el.label(rx.cond(chat, "Message", "Prompt"), html_for="prompt", class_name="sr"),
        held_textarea(
            id="prompt",
            value=value,
            round=round_,
            on_change=on_change,
            placeholder=rx.cond(chat, "Say something to both", "Begin a text for the model to go on with"),
            spell_check=False,
            max_length=longest,
            class_name="textarea grow",
            rows=1,
            enter_key_submit=True,
            data_key="p",
            data_key_label="edit the prompt",
        ),
        rx.el.button(
            rx.cond(chat, "Send ", "Run "),
            rx.el.span("⏎", class_name="hide-phone"),
            type="submit",
            class_name="btn primary",
        ),
        rx.el.button(
            "Stop",
            type="button",
            on_click=on_stop,
            aria_disabled=~busy,
            data_key="Escape",
            data_key_label="stop",
            class_name="btn",
        ),
        rx.cond(
            chat,
            rx.el.button(
                "Reset", type="button", on_click=on_reset, title="Begin a new conversation", class_name="btn"
            ),
        ),
        on_submit=on_run,
        class_name="steer-prompt",
    )
