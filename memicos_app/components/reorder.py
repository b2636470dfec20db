"""A list whose rows change places, by dragging and by keys."""

from __future__ import annotations

import reflex as rx

from memicos_app.components.browser_files import browser_file


def moved(key: rx.Var[str], before: rx.Var[str]) -> tuple[rx.Var[str], rx.Var[str]]:
    """What a move tells: the row's key, and that of the row it goes before; empty for the end."""
    return key, before


class Reorder(rx.Component):
    """Rows carry `data_row` with their key, and in them stands a button with `data_handle`."""

    library = browser_file(__name__, "reorder.jsx")
    tag = "Reorder"

    on_move: rx.EventHandler[moved]  # type: ignore[type-arg, valid-type]


reorder = Reorder.create
