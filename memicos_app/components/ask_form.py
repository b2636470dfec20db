"""The form in which a language model is asked to explain a feature, or to judge an explanation of it."""

from __future__ import annotations

from typing import Any

import reflex as rx

from memicos_app.components.ask_model import EXPLAIN
from memicos_app.components.asking import FEWEST, LARGEST_SEED, MOST, PER_KIND
from memicos_app.components.held import held_select

MODELS = "chat-models"


def explain_button(state: type[Any]) -> rx.Component:
    """Opens the form for another explanation."""
    return rx.cond(
        state.asking_for == EXPLAIN,
        rx.el.button("Close", type="button", on_click=state.open_asking(""), class_name="btn small quiet"),
        rx.el.button(
            "Explain",
            type="button",
            on_click=state.open_asking(EXPLAIN),
            title="Have a language model explain this feature",
            data_key="e",
            data_key_label="have a model explain this feature",
            class_name="btn small",
        ),
    )


def explain_form(state: type[Any]) -> rx.Component:
    return rx.cond(state.asking_for == EXPLAIN, ask_form(state, "Explainer", "Explain"))


def score_form(state: type[Any]) -> rx.Component:
    """The same for a judgement; how many texts, and which draw of them, may be chosen."""
    numbers = rx.el.div(
        number("n", "Texts of each kind", PER_KIND, FEWEST, MOST),
        number("seed", "Seed", 0, 0, LARGEST_SEED),
        class_name="grid-2",
    )
    return ask_form(state, "Way of judging", "Judge", numbers)


def ask_form(state: type[Any], label: str, verb: str, *more: rx.Component) -> rx.Component:
    """`state` mixes in `AskModel`."""
    return rx.el.form(
        rx.el.div(
            rx.el.label(label, html_for="ask-way", class_name="label"),
            held_select(
                rx.foreach(state.ways, lambda one: rx.el.option(one["title"], value=one["name"])),
                id="ask-way",
                name="way",
                value=state.way,
                on_change=state.choose_way,
                class_name="select",
            ),
            rx.el.p(state.way_words, class_name="tiny faint"),
            class_name="field",
        ),
        rx.cond(state.way_asks, model_field(state)),
        *more,
        rx.cond(state.ask_replace, rx.el.input(type="hidden", name="replace", value="yes", read_only=True)),
        rx.cond(state.ask_problem != "", problem(state)),
        rx.el.div(
            rx.cond(
                state.step != "",
                rx.fragment(
                    rx.el.button("Stop", type="button", on_click=state.ask_now({}), class_name="btn small"),
                    rx.el.span(state.step, " … ", state.seconds, " s", class_name="small muted num iso streaming"),
                ),
                rx.fragment(
                    rx.el.button(
                        rx.cond(state.ask_replace, f"{verb} anew, in its place", verb),
                        type="submit",
                        class_name="btn small primary",
                    ),
                    rx.el.span(state.ask_done, class_name="small muted"),
                ),
            ),
            class_name="row wrap",
            aria_live="polite",
        ),
        on_submit=state.ask_now,
        class_name="ask-form",
    )


def model_field(state: type[Any]) -> rx.Component:
    return rx.el.div(
        rx.el.label("Language model", html_for="ask-model", class_name="label"),
        rx.el.input(
            id="ask-model",
            name="model",
            list=MODELS,
            key=state.first_model,
            default_value=state.first_model,
            required=True,
            auto_complete="off",
            spell_check=False,
            placeholder=rx.cond(state.models_known, "provider:model", "Asking which there are"),
            class_name="input",
        ),
        rx.el.datalist(rx.foreach(state.chat_models, lambda name: rx.el.option(value=name)), id=MODELS),
        rx.cond(
            state.models_known & (state.chat_models.length() == 0),
            rx.el.p(
                "No language model can be asked yet. ",
                rx.el.a("Give a key, or name a server of your own", href="/admin/providers", class_name="link"),
                ".",
                class_name="tiny muted",
            ),
        ),
        class_name="field",
    )


def problem(state: type[Any]) -> rx.Component:
    """What went wrong; where a key is the matter, with the way to one."""
    return rx.el.p(
        rx.el.span(state.ask_problem, class_name="iso"),
        rx.cond(
            state.ask_needs_key,
            rx.el.a("Keys and models", href="/admin/providers", class_name="link"),
        ),
        role="alert",
        class_name="notice rose ask-problem",
    )


def number(name: str, label: str, begin: int, least: int, most: int) -> rx.Component:
    return rx.el.div(
        rx.el.label(label, html_for=f"ask-{name}", class_name="label"),
        rx.el.input(
            id=f"ask-{name}",
            name=name,
            type="number",
            default_value=str(begin),
            min=least,
            max=most,
            class_name="input",
        ),
        class_name="field",
    )
