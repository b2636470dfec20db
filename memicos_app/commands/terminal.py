"""What commands print: words of others cannot command the terminal that shows them."""

from __future__ import annotations

import re
from typing import Any

from rich.console import Console
from rich.text import Text

COMMANDING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Controls but tab and line break, and marks that turn text around."""


class Terminal(Console):
    """A console that shows escapes as text, whoever wrote them: its own colours come later."""

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(shown(text), **options)


def shown(text: str) -> str:
    """`text` with each character that a terminal would obey by its number."""
    return COMMANDING.sub(lambda match: f"‹{ord(match.group()):X}›", text)
