"""The box in which a feature is tested on text of one's own, and the strip that answers."""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex.event import EventSpec
from reflex.vars import ArrayVar

from memicos_app.components.feature_address import embedded
from memicos_app.components.keys import kbd
from memicos_app.components.token_strip import StripGroup, token_strip

FORM = "test-form"
FIELD = "test-text"
MOST_CHARACTERS = 20_000


def test_box(
    *,
    text: rx.Var[str],
    text_round: rx.Var[int],
    result: ArrayVar[list[StripGroup]],
    maximum: rx.Var[float],
    breaks: rx.Var[bool],
    took: rx.Var[str],
    problem: rx.Var[str],
    busy: rx.Var[bool],
    steer_href: rx.Var[str],
    shows_field: rx.Var[bool],
    shows_steer: rx.Var[bool],
    on_test: rx.EventHandler,
    on_reset: rx.EventHandler,
    below: rx.Component,
) -> rx.Component:
    """Text in, coloured tokens out.

    `maximum` is the feature's own, so that colours compare with its examples; a new `text_round` puts `text`
    into the field, which otherwise keeps what is typed to itself. `below` stands under the answer.
    """
    return rx.el.section(
        rx.cond(shows_field, field(text, text_round, busy, steer_href, shows_steer, on_test)),
        rx.cond(problem != "", rx.el.p(problem, role="alert", class_name="notice amber test-problem iso")),
        rx.cond(
            result.length() > 0,
            rx.el.div(
                rx.el.div(
                    token_strip(groups=result, max_value=maximum, layout="full", breaks=breaks, expandable=False),
                    class_name="grow",
                ),
                rx.el.div(
                    rx.el.span(took, class_name="chip"),
                    rx.cond(
                        shows_field,
                        rx.el.button("Reset", type="button", on_click=on_reset, class_name="link small"),
                    ),
                    class_name="test-side",
                ),
                class_name=rx.cond(busy, "test-result is-busy", "test-result"),
                aria_live="polite",
            ),
        ),
        below,
        aria_label="Test this feature on your own text",
        class_name="card test",
    )


def field(
    text: rx.Var[str],
    text_round: rx.Var[int],
    busy: rx.Var[bool],
    steer_href: rx.Var[str],
    shows_steer: rx.Var[bool],
    on_test: rx.EventHandler,
) -> rx.Component:
    return rx.el.form(
        rx.el.label("Text to test", html_for=FIELD, class_name="sr"),
        rx.el.textarea(
            id=FIELD,
            key=text_round,
            name="text",
            default_value=text,
            rows=1,
            max_length=MOST_CHARACTERS,
            placeholder="Test this feature on a text of your own",
            spell_check=False,
            on_key_down=lambda key, info: submit_on_enter(key, info),
            data_key="t",
            data_key_label="test a text",
            class_name="textarea grow",
        ),
        rx.el.button(
            rx.cond(busy, "Testing", "Test"),
            type="submit",
            title="Test (Ctrl+Enter)",
            aria_busy=busy,
            class_name="btn primary",
        ),
        rx.cond(
            shows_steer,
            rx.el.a(
                "Steer",
                kbd("s"),
                href=steer_href,
                target=rx.cond(embedded(), "_blank", "_self"),
                title="Steer the model with this feature",
                data_key="s",
                data_key_label="steer with this feature",
                class_name="btn",
            ),
        ),
        id=FORM,
        on_submit=on_test,
        class_name="test-form",
    )


def submit_on_enter(key: rx.Var[str], info: Any, form: str = FORM) -> EventSpec | rx.Var:
    """Ctrl+Enter, or Command+Enter, submits `form`; every other key stays in the browser."""
    return rx.cond(
        (key == "Enter") & (info.ctrl_key | info.meta_key),
        rx.call_script(f"document.getElementById('{form}').requestSubmit()"),
        rx.noop(),
    )
