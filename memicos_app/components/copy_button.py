"""A button that copies a text, or the page's own address, and says that it did."""

from __future__ import annotations

import reflex as rx

from memicos_app.components.browser_files import browser_file


class CopyButton(rx.Component):
    """Copies `text`; an empty text stands for the address of the page as it is when pressed."""

    library = browser_file(__name__, "copy_button.jsx")
    tag = "CopyButton"

    text: rx.Var[str]
    label: rx.Var[str]


copy_button = CopyButton.create
