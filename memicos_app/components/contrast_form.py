"""The texts of both sides: a field each, more where they are wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import reflex as rx

from memicos_app.components.contrast_asked import LONGEST
from memicos_app.components.test_box import submit_on_enter
from memicos_app.library.contrast import MAX_SIDE, Measure

FORM = "contrast-form"
SWAP = "swap"
"""Field that is filled where the sides are to be changed over, together with what is typed in them."""
CHANGE_OVER = f"""(() => {{
  const form = document.getElementById("{FORM}");
  form.elements.{SWAP}.value = "yes";
  form.requestSubmit();
  form.elements.{SWAP}.value = "";
}})()"""
MEASURE_WORDS: dict[Measure, tuple[str, str]] = {
    "peak": ("Strongest", "A feature's largest activation on each text"),
    "mean": ("Mean", "Its mean activation over the tokens of each text"),
    "share": ("How often", "The share of each text's tokens that it fires on"),
}


def fields_of(texts: Sequence[str]) -> list[str]:
    """What stands in the fields of a side; there is always one."""
    return list(texts) or [""]


def texts_of(form: Mapping[str, Any], side: str) -> list[str]:
    """The texts of a side out of the form, in the order of their fields."""
    return [str(form.get(f"{side}.{number}") or "") for number in range(MAX_SIDE)]


def contrast_form(
    first: rx.Var[list[str]],
    second: rx.Var[list[str]],
    text_round: rx.Var[int],
    busy: rx.Var[bool],
    on_submit: rx.EventHandler,
    on_add: rx.EventHandler,
    *settings: rx.Component,
) -> rx.Component:
    """Both sides with `settings` below; a new `text_round` puts the texts into the fields anew."""
    return rx.el.form(
        rx.el.div(
            one_side("first", "First side", first, text_round, on_add),
            rx.el.button(
                "⇄",
                type="button",
                title="Change the sides over",
                aria_label="Change the sides over",
                on_click=rx.call_script(CHANGE_OVER),
                class_name="btn icon swap",
            ),
            one_side("second", "Second side", second, text_round, on_add),
            class_name="sides",
        ),
        rx.el.input(type="hidden", name=SWAP, default_value=""),
        rx.el.div(
            *settings,
            rx.el.button(
                rx.cond(busy, "Comparing", "Compare"),
                type="submit",
                title="Compare (Ctrl+Enter)",
                aria_busy=busy,
                class_name="btn primary",
            ),
            class_name="row wrap search-settings",
        ),
        id=FORM,
        on_submit=on_submit,
        role="search",
        class_name="card search-card",
    )


def one_side(
    name: str, words: str, texts: rx.Var[list[str]], text_round: rx.Var[int], on_add: rx.EventHandler
) -> rx.Component:
    return rx.el.fieldset(
        rx.el.legend(words, class_name="label"),
        rx.foreach(texts, lambda text, number: field(name, words, text, number, text_round)),
        rx.cond(
            texts.length() < MAX_SIDE,
            rx.el.button("+ another text", type="button", on_click=on_add(name), class_name="link small"),
        ),
        class_name="side-texts",
    )


def field(name: str, words: str, text: rx.Var[str], number: rx.Var[int], text_round: rx.Var[int]) -> rx.Component:
    first = {"data_key": "t", "data_key_label": "edit the texts"} if name == "first" else {}
    return rx.el.textarea(
        key=f"{text_round}.{number}",
        name=f"{name}.{number}",
        default_value=text,
        rows=2,
        max_length=LONGEST,
        placeholder="A sentence, a line of code, a few words",
        aria_label=f"{words}, text {number + 1}",
        spell_check=False,
        on_key_down=lambda key, info: submit_on_enter(key, info, FORM),
        class_name="textarea",
        **first,
    )
