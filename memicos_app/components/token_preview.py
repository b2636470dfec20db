"""One example in one line: its peak token stands in the same column in every row of a list."""

from __future__ import annotations

import reflex as rx

from memicos_app.components.browser_files import browser_file
from memicos_app.components.token_strip import StripRow


class TokenPreview(rx.Component):
    """Draws a row that `token_strip.pack` made, with the text rules and colours of the token strip."""

    library = browser_file(__name__, "token_preview.jsx")
    tag = "TokenPreview"

    row: rx.Var[dict]


def token_preview(row: rx.Var[StripRow]) -> rx.Component:
    """`row` in one line, coloured against its own maximum."""
    return TokenPreview.create(row=row.to(dict))
