"""A place to drop files on, or to choose them from: sent one after the other to an address of the API."""

from __future__ import annotations

import reflex as rx


class FileDrop(rx.Component):
    """Sends files as they are to `address`, with `model` and `source` where they must be of these."""

    library = rx.asset("file_drop.jsx", shared=True).importable_path
    tag = "FileDrop"

    address: rx.Var[str]
    model: rx.Var[str]
    source: rx.Var[str]


file_drop = FileDrop.create
