"""Text that people take away: a command or a snippet with its copy button."""

from __future__ import annotations

import reflex as rx

from memicos_app.components.copy_button import copy_button


def copier(text: rx.Var[str] | str) -> rx.Component:
    return copy_button(text=text, label="Copy", class_name="btn small copy")


def command(text: rx.Var[str] | str) -> rx.Component:
    """One line for a terminal."""
    return rx.el.div(rx.el.code(text), copier(text), class_name="command")


def snippet(text: rx.Var[str] | str) -> rx.Component:
    """Several lines of code."""
    code = rx.el.pre(rx.el.code(text), class_name="code", tab_index=0)
    return rx.el.div(code, copier(text), class_name="snippet")
