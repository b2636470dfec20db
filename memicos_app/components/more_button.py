"""The end of a list that goes on: a button that presses itself when it comes into sight."""

from __future__ import annotations

import reflex as rx

from memicos_app.components.browser_files import browser_file


def nothing_event() -> tuple[()]:
    return ()


class MoreButton(rx.Component):
    """Asks for more when it comes near the window, or is pressed."""

    library = browser_file(__name__, "more_button.jsx")
    tag = "MoreButton"

    busy: rx.Var[bool]
    """More was asked for and is on its way."""
    count: rx.Var[int]
    """How much the list holds: it may go on as soon as this changed."""
    words: rx.Var[str]
    on_more: rx.EventHandler[nothing_event]  # type: ignore[type-arg, valid-type]


more_button = MoreButton.create
