"""The right half of the steer page: the prompt, two texts side by side, and the sweep over strengths."""

from __future__ import annotations

from typing import Any, TypeAlias, TypedDict

import reflex as rx

from memicos_app.components.layout import card

Var: TypeAlias = Any
Handler: TypeAlias = Any
"""A value and an event handler of a page's state; Reflex makes their types at run time."""


class Run(TypedDict):
    """A run of text; `differs` when the unsteered text does not have it."""

    text: str
    differs: bool


class SweepText(TypedDict):
    """One text of the sweep; `label` is its factor on every strength, for example `−2×`."""

    label: str
    text: str
    done: bool


def text_run(run: Var) -> rx.Component:
    return rx.el.span(run["text"], class_name=rx.cond(run["differs"], "differs", ""))


def pane(title: str, prompt: Var, runs: Var, *, speed: Var, busy: Var, live: bool) -> rx.Component:
    """One text: what was asked in grey, what the model wrote in full colour, growing while `busy`."""
    return rx.el.section(
        rx.el.div(rx.el.h2(title), rx.el.span(speed, class_name="num tiny faint"), class_name="card-head"),
        rx.el.div(
            rx.el.span(prompt, class_name="asked"),
            rx.foreach(runs, text_run),
            class_name=rx.cond(busy, "steer-text iso streaming", "steer-text iso"),
            aria_live="polite",
            aria_busy=busy,
            aria_label=title + " text",
            role="log",
            data_pane="steered" if live else "default",
        ),
        class_name="card steer-pane is-live" if live else "card steer-pane",
    )


def prompt_box(
    value: Var,
    *,
    on_change: Handler,
    on_run: Handler,
    on_stop: Handler,
    busy: Var,
) -> rx.Component:
    """The prompt with its two verbs; Enter runs, Shift+Enter breaks the line, Escape stops."""
    return rx.el.form(
        rx.el.label("Prompt", html_for="prompt", class_name="sr"),
        rx.el.textarea(
            id="prompt",
            value=value,
            on_change=on_change,
            placeholder="Begin a text for the model to go on with",
            spell_check=False,
            max_length=2048,
            class_name="textarea grow",
            rows=1,
            enter_key_submit=True,
            data_key="p",
            data_key_label="edit the prompt",
        ),
        rx.el.button("Run ", rx.el.span("⏎", class_name="hide-phone"), type="submit", class_name="btn primary"),
        rx.el.button(
            "Stop",
            type="button",
            on_click=on_stop,
            aria_disabled=~busy,
            data_key="Escape",
            data_key_label="stop",
            class_name="btn",
        ),
        on_submit=on_run,
        class_name="steer-prompt",
    )


def sweep_text(item: Var) -> rx.Component:
    return rx.el.div(
        rx.el.h3(item["label"], class_name="small num", style={"textAlign": "left"}),
        rx.el.p(item["text"], class_name=rx.cond(item["done"], "iso", "iso streaming")),
    )


def sweep(items: Var, *, on_run: Handler, features: Var) -> rx.Component:
    """Five texts with one seed, from twice the strengths reversed to twice the strengths."""
    return card(
        rx.cond(
            items.length() > 0,
            rx.el.div(rx.foreach(items, sweep_text), class_name="steer-sweep"),
            rx.el.p(
                "Runs the prompt at −2×, −1×, 0, 1× and 2× the strengths above, with one seed.",
                class_name="card-body small muted",
            ),
        ),
        title="Strength sweep",
        aside=rx.el.button(
            "Run sweep", type="button", on_click=on_run, aria_disabled=features.length() == 0, class_name="btn small"
        ),
    )
