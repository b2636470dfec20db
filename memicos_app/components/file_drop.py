"""A place to drop files on, or to choose them from: sent one after the other to an address of the API."""

from __future__ import annotations

import reflex as rx

from memicos_app.components.browser_files import browser_file


class FileDrop(rx.Component):
    """Sends files as they are to `address`, with `model` and `source` where they must be of these."""

    library = browser_file(__name__, "file_drop.jsx")
    tag = "FileDrop"

    address: rx.Var[str]
    model: rx.Var[str]
    source: rx.Var[str]


file_drop = FileDrop.create
