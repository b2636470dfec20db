"""A provider of language models as a card: whether it has a key, a field for one, and a question to try it with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict

import reflex as rx

from memicos_app.components.layout import card
from memicos_app.library.accounts import rights
from memicos_app.library.accounts.rights import Right
from memicos_app.library.providers.keys import KnownKey
from memicos_app.library.providers.trial import Trial

MOST_MODELS = 50


class ProviderRow(TypedDict):
    """A provider ready to be drawn; of its key no more than the last four characters."""

    name: str
    title: str
    state: str
    state_class: str
    key: str
    own: bool
    usable: bool
    models: list[str]


def provider_row(known: KnownKey, setting: str, models: Sequence[str]) -> ProviderRow:
    ending = f" ending in …{known.last_four}" if known.last_four else ""
    since = f", kept here since {known.created_at:%Y-%m-%d}" if known.created_at else ""
    elsewhere = f", or set {setting}" if rights.may(Right.MANAGE) else ""
    words = {
        "own": ("key kept here", "chip accent", f"A key of your own{ending}{since}."),
        "settings": ("key in the settings", "chip accent", f"The key of {setting}{ending}."),
        "unneeded": ("needs no key", "chip accent", f"Asked without a key; {setting} holds one where it needs one."),
        "none": ("no key", "chip", f"No key: give one here{elsewhere}."),
    }
    state, look, key = words[known.source]
    return ProviderRow(
        name=known.provider,
        title=known.title,
        state=state,
        state_class=look,
        key=key,
        own=known.source == "own",
        usable=known.usable,
        models=list(models[:MOST_MODELS]),
    )


def trial_words(found: Trial) -> str:
    """`Answered in 0.84 s with 21 + 3 tokens, $0.000012: “Ready.”`"""
    answer = found.answer
    tokens = "" if answer.tokens_in is None else f" with {answer.tokens_in} + {answer.tokens_out or 0} tokens"
    cost = "at an unknown price" if answer.cost_usd is None else f"${answer.cost_usd:.6f}"
    return f"Answered in {found.seconds:.2f} s{tokens}, {cost}: “{' '.join(answer.text.split())[:80]}”"


def provider_card(row: rx.Var[ProviderRow], state: type[Any]) -> rx.Component:
    """`state` has the events `keep`, `forget` and `try_model`, and says what came of them by provider."""
    return rx.el.div(
        card(
            rx.el.div(
                rx.el.p(row["key"], class_name="small muted"),
                key_form(row, state),
                rx.cond(row["usable"], trial_form(row, state)),
                rx.cond(
                    state.said_of == row["name"],
                    rx.el.p(
                        state.said,
                        role="status",
                        class_name=rx.cond(state.went_well, "notice iso", "notice rose iso"),
                    ),
                ),
                class_name="card-body stack",
            ),
            title=row["title"],
            aside=rx.el.span(row["state"], class_name=row["state_class"]),
        ),
        key=row["name"],
    )


def key_form(row: rx.Var[ProviderRow], state: type[Any]) -> rx.Component:
    """A field that is never filled: keys go in and do not come out."""
    return rx.el.form(
        rx.el.input(type="hidden", name="provider", value=row["name"], read_only=True),
        rx.el.input(
            type="password",
            name="key",
            key=state.round.to(str),
            required=True,
            auto_complete="off",
            spell_check=False,
            placeholder=rx.cond(row["own"], "Another key", "Key"),
            aria_label="Key of " + row["title"].to(str),
            class_name="input grow",
        ),
        rx.el.button(rx.cond(row["own"], "Replace", "Keep"), type="submit", class_name="btn"),
        rx.cond(
            row["own"],
            rx.el.button(
                "Remove",
                type="button",
                on_click=state.forget(row["name"]),
                aria_label="Remove the key of " + row["title"].to(str),
                class_name="btn quiet",
            ),
        ),
        on_submit=state.keep,
        class_name="row provider-line",
    )


def trial_form(row: rx.Var[ProviderRow], state: type[Any]) -> rx.Component:
    """One short question, which may cost a small part of a cent."""
    options = "models-" + row["name"].to(str)
    return rx.el.form(
        rx.el.input(type="hidden", name="provider", value=row["name"], read_only=True),
        rx.el.input(
            name="model",
            list=options,
            required=True,
            default_value=row["models"][0],
            auto_complete="off",
            spell_check=False,
            placeholder="Model",
            aria_label="Model of " + row["title"].to(str),
            class_name="input grow",
        ),
        rx.el.datalist(rx.foreach(row["models"], lambda name: rx.el.option(value=name)), id=options),
        rx.el.button(
            rx.cond(state.trying == row["name"], "Asking …", "Try"),
            type="submit",
            title="Ask it one short question",
            disabled=state.trying != "",
            class_name="btn",
        ),
        on_submit=state.try_model,
        class_name="row provider-line",
    )
