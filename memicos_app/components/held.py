"""Controls that show at once what a hand did, however long the way to the server is.

A control whose value is a state's jumps back until the server has answered: on a line of half a second a letter is
gone as soon as it is typed, and a slider leaps under the finger. These keep what was done here until then.
"""

from __future__ import annotations

import reflex as rx
from reflex_components_core.el.elements.forms import CheckboxInput, Select, Textarea

from memicos_app.components.browser_files import browser_file

LIBRARY = browser_file(__name__, "held.jsx")


def moved_event(number: rx.Var[str]) -> tuple[rx.Var[str]]:
    return (number,)


class HeldSelect(Select):
    """A `select` whose `value` the server may change."""

    library = LIBRARY
    tag = "HeldSelect"


class HeldCheckbox(CheckboxInput):
    """A checkbox whose `checked` the server may change."""

    library = LIBRARY
    tag = "HeldCheckbox"


class HeldTextarea(Textarea):
    """A `textarea` that begins with `value`, and has it anew with another `round`; else it keeps what is typed."""

    library = LIBRARY
    tag = "HeldTextarea"

    round: rx.Var[int]


class HeldRange(rx.Component):
    """A slider from `least` to `most`, filled between its zero and where it stands."""

    library = LIBRARY
    tag = "HeldRange"

    value: rx.Var[float]
    least: rx.Var[float]
    most: rx.Var[float]
    digits: rx.Var[int]
    """After the point of a number that is told; the server must keep them."""
    pause: rx.Var[int]
    """Milliseconds between two moves that are told; where it was left is always told."""
    on_move: rx.EventHandler[moved_event]  # type: ignore[type-arg, valid-type]


held_select = HeldSelect.create
held_checkbox = HeldCheckbox.create
held_textarea = HeldTextarea.create
held_range = HeldRange.create
