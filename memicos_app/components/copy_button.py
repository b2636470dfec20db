"""A button that copies a text, or the page's own address, and says that it did."""

from __future__ import annotations

import reflex as rx


class CopyButton(rx.Component):
    """Copies `text`; an empty text stands for the address of the page as it is when pressed."""

    library = rx.asset("copy_button.jsx", shared=True).importable_path
    tag = "CopyButton"

    text: rx.Var[str]
    label: rx.Var[str]


copy_button = CopyButton.create
