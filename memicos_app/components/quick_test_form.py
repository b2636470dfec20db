"""One line for a text that is tested on several features at once, with its button."""

from __future__ import annotations

from typing import Any

import reflex as rx

from memicos_app.components.test_box import submit_on_enter


def quick_test_form(state: type[Any], form: str, on: str, most: int) -> rx.Component:
    """The field and its button.

    Args:
        state: with `text`, `text_round` (another number: the field begins anew with `text`), `testing` and `submit`.
        form: the form's id.
        on: what it is tested on, as in "Test a text on both".
        most: characters that the text may have.
    """
    return rx.el.form(
        rx.el.label(f"Text to test on {on}", html_for=f"{form}-text", class_name="sr"),
        rx.el.textarea(
            id=f"{form}-text",
            key=state.text_round,
            name="text",
            default_value=state.text,
            rows=1,
            max_length=most,
            placeholder=f"Test a text on {on}",
            spell_check=False,
            on_key_down=lambda key, info: submit_on_enter(key, info, form),
            data_key="t",
            data_key_label=f"test a text on {on}",
            class_name="textarea grow",
        ),
        rx.el.button(
            rx.cond(state.testing, "Testing", "Test"),
            type="submit",
            title="Test (Ctrl+Enter)",
            aria_busy=state.testing,
            class_name="btn primary",
        ),
        id=form,
        on_submit=state.submit,
        class_name="quick-test",
    )
