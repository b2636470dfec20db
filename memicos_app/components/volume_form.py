"""The form for explaining many features, what it would take, and the runs there were."""

from __future__ import annotations

from typing import Any

import reflex as rx

from memicos_app.components.asking import Way
from memicos_app.components.checked_fields import left
from memicos_app.components.held import held_select
from memicos_app.components.layout import card
from memicos_app.components.volume_work import EXPLAIN, JUDGE, RunRow

PAUSE = 400
"""Milliseconds without a key before what was typed is estimated."""
MODELS = "volume-models"


def volume_form(state: type[Any]) -> rx.Component:
    return card(
        rx.el.div(
            *(
                rx.el.button(words, type="button", aria_pressed=state.what == what, on_click=state.choose(what))
                for what, words in ((EXPLAIN, "Explain features"), (JUDGE, "Judge explanations"))
            ),
            role="group",
            aria_label="What is done",
            class_name="seg volume-what",
        ),
        rx.el.form(
            rx.el.fieldset(  # what is typed before the form is filled would be lost
                labelled(state, "subject", "Source", choice(state, "subject", rx.foreach(state.sources, option))),
                labelled(
                    state,
                    "type",
                    rx.cond(state.what == JUDGE, "Way of judging", "Explainer"),
                    choice(
                        state,
                        "type",
                        rx.foreach(state.ways, lambda one: rx.el.option(one["title"], value=one["name"])),
                    ),
                ),
                rx.cond(state.asks, model(state)),
                rx.el.div(
                    labelled(
                        state, "indices", "Features", line(state, "indices", placeholder="all"), "Such as 0-99,512."
                    ),
                    labelled(
                        state, "max_features", "At most", line(state, "max_features", placeholder="all"), "Of them."
                    ),
                    labelled(
                        state,
                        "budget_usd",
                        "Budget, US$",
                        line(state, "budget_usd", placeholder="none"),
                        "Ends the run.",
                    ),
                    labelled(state, "concurrency", "At once", line(state, "concurrency"), "Questions, 1 to 64."),
                    class_name="grid-2",
                ),
                rx.el.label(
                    rx.el.input(
                        type="checkbox", name="replace", value="yes", on_change=lambda on: state.typed("replace", on)
                    ),
                    rx.cond(
                        state.what == JUDGE,
                        "Also explanations that have such a score: both are kept",
                        "Also features that this explainer and model have explained: theirs are replaced",
                    ),
                    class_name="switch",
                ),
                rx.el.div(
                    rx.el.button(
                        rx.cond(state.what == JUDGE, "Judge", "Explain"),
                        type="submit",
                        class_name="btn primary",
                    ),
                    rx.el.span("As a job: close the page, pause it, stop the machine.", class_name="small faint"),
                    class_name="row wrap",
                ),
                disabled=~state.loaded,
                class_name="bare",
            ),
            key=state.turn.to(str) + state.loaded.to(str),
            on_submit=state.send,
            no_validate=True,
            class_name="card-body stack",
        ),
        title="What to do",
    )


def number(state: type[Any], name: str, label: str, hint: str, empty: str = "") -> rx.Component:
    return labelled(state, name, label, line(state, name, placeholder=empty), hint)


def way(one: rx.Var[Way]) -> rx.Component:
    return rx.el.option(one["title"], value=one["name"])


def model(state: type[Any]) -> rx.Component:
    """Who is asked."""
    return labelled(
        state,
        "explainer",
        "Language model",
        rx.fragment(
            line(state, "explainer", list=MODELS, placeholder="provider:model"),
            rx.el.datalist(rx.foreach(state.chat_models, lambda name: rx.el.option(value=name)), id=MODELS),
        ),
        rx.el.span("Keys are given at ", rx.el.a("Language models", href="/admin/providers", class_name="link"), "."),
    )


def option(name: rx.Var[str]) -> rx.Component:
    return rx.el.option(name, value=name)


def choice(state: type[Any], name: str, options: rx.Component) -> rx.Component:
    return held_select(
        options,
        id=f"volume-{name}",
        name=name,
        value=state.begin_with[name],
        on_change=lambda value: state.typed(name, value),
        class_name="select",
    )


def line(state: type[Any], name: str, **props: Any) -> rx.Component:
    return rx.el.input(
        id=f"volume-{name}",
        name=name,
        default_value=state.begin_with[name],
        on_change=state.typed(name).debounce(PAUSE),
        on_blur=left(state, name),
        aria_invalid=rx.cond(state.wrong[name] != "", "true", "false"),
        aria_describedby=f"volume-{name}-said",
        auto_complete="off",
        spell_check=False,
        class_name="input",
        **props,
    )


def labelled(
    state: type[Any], name: str, label: rx.Var[str] | str, control: rx.Component, hint: rx.Component | str = ""
) -> rx.Component:
    return rx.el.div(
        rx.el.label(label, html_for=f"volume-{name}", class_name="label"),
        control,
        rx.el.p(
            rx.cond(state.wrong[name] != "", rx.el.span(state.wrong[name]), rx.el.span(hint)),
            id=f"volume-{name}-said",
            aria_live="polite",
            class_name=rx.cond(state.wrong[name] != "", "tiny field-wrong iso", "tiny faint"),
        ),
        class_name="field",
    )


def estimate_card(state: type[Any]) -> rx.Component:
    """Figures, and the words that would be sent first."""
    return card(
        rx.el.div(
            rx.cond(
                state.facts.length() > 0,
                rx.el.dl(
                    rx.foreach(state.facts, lambda one: rx.fragment(rx.el.dt(one[0]), rx.el.dd(one[1]))),
                    class_name=rx.cond(state.estimating, "kv is-busy", "kv"),
                ),
                rx.el.p("Tokens, cost and time stand here before anything is asked.", class_name="small muted"),
            ),
            rx.cond(
                state.question.length() > 0,
                rx.el.details(
                    rx.el.summary("Dry run: the first question", class_name="label prompt-shots"),
                    rx.foreach(
                        state.question,
                        lambda one: rx.fragment(
                            rx.el.h3(one[0], class_name="label"), rx.el.pre(one[1], class_name="code wrapped iso")
                        ),
                    ),
                    class_name="dry-run",
                ),
            ),
            class_name="card-body stack",
            aria_live="polite",
        ),
        title="What it would take",
    )


def index_card(state: type[Any]) -> rx.Component:
    """Vectors for search by meaning; runs ask for it themselves when they end."""
    return card(
        rx.el.form(
            rx.el.label("Source", html_for="index-subject", class_name="sr"),
            rx.el.select(
                rx.el.option("All sources", value=""),
                rx.foreach(state.sources, option),
                id="index-subject",
                name="subject",
                class_name="select grow",
            ),
            rx.el.button("Index", type="submit", class_name="btn"),
            on_submit=state.index,
            class_name="card-body row",
        ),
        rx.el.p(
            "Makes the vectors that explanations lack, so that search by meaning finds them.",
            class_name="card-foot",
        ),
        title="Index for search",
    )


def runs_card(state: type[Any]) -> rx.Component:
    nothing = rx.el.p(
        "No run yet. What each takes and costs is written here while it runs.", class_name="card-body muted"
    )
    return card(
        rx.cond(state.runs.length() > 0, rx.el.ul(rx.foreach(state.runs, run_item), class_name="card-rows"), nothing),
        rx.el.span(data_runs="", hidden=True, on_mount=state.follow),
        title="Runs",
    )


def run_item(row: rx.Var[RunRow]) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.span(row["title"], class_name="strong iso"),
            rx.el.span(row["state"], class_name=row["state_class"]),
            rx.el.span(row["cost"], class_name="num run-cost"),
            class_name="row wrap",
        ),
        rx.el.p(
            rx.el.span(row["how"], class_name="iso"),
            rx.el.span(row["progress"], class_name="num"),
            rx.el.time(row["when"]),
            class_name="row wrap tiny muted",
        ),
    )
