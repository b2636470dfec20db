"""Other people's text as data inside a question: nothing in it can end its quotes or pass for a mark or a turn.

Texts of a dataset may hold anything, also what was written to steer a model. Angle brackets and the tags that chat
templates are made of become look-alikes, everything else is a JSON string of bounded length.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence

LONGEST_TOKEN = 40
LONGEST_TEXT = 1200
_LOOK_ALIKES = str.maketrans({"<": "‹", ">": "›"})
_BACK = str.maketrans({"‹": "<", "›": ">"})
_TAG = re.compile(r"\[(/?[A-Z_]{3,24})\]")
"""Such as [INST], which some chat templates take for the beginning of a turn."""


def harmless(text: str) -> str:
    """The text with look-alikes for everything that could be a mark or a turn, and with what is unseen spelt out."""
    text = _TAG.sub(r"⟦\1⟧", text.translate(_LOOK_ALIKES))
    return "".join(sign if sign.isprintable() or sign in "\n\t" else f"\\u{ord(sign):04x}" for sign in text)


def as_said(text: str) -> str:
    """A model's words with the look-alikes undone."""
    return text.translate(_BACK)


def quoted(text: str, longest: int = LONGEST_TEXT) -> str:
    """A text as a JSON string of at most `longest` characters of it."""
    return json.dumps(_cut(harmless(text), longest), ensure_ascii=False)


def quoted_token(token: str) -> str:
    """A token as a JSON string."""
    return quoted(token, LONGEST_TOKEN)


def marked(tokens: Sequence[str], mark: Callable[[int], tuple[str, str]], longest: int = LONGEST_TEXT) -> str:
    """Tokens as one JSON string, with a mark's beginning and end around stretches that have the same one.

    Args:
        mark: by position, such as `("<<", ">>")`; `("", "")` for none. Only marks hold angle brackets.
    """
    pieces: list[str] = []
    before, size = ("", ""), 0
    for place, token in enumerate(tokens):
        text, now = _cut(harmless(token), LONGEST_TOKEN), mark(place)
        size += len(text)
        if size > longest:
            break
        if now != before:
            gap = " " if text.startswith(" ") else ""  # words are marked, not the space before them
            pieces += [before[1], gap, now[0]]
            text, before = text.removeprefix(gap), now
        pieces.append(json.dumps(text, ensure_ascii=False)[1:-1])
    return f'"{"".join([*pieces, before[1]])}"'


def filled(template: str, values: dict[str, str]) -> str:
    """A template with `{{name}}` replaced, in one pass: what is put in is not looked at again."""
    return re.sub(r"\{\{(\w+)\}\}", lambda found: values[found.group(1)], template)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
