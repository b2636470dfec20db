"""What a feature does on a text of one's own, in one line around its strongest token."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from memicos_app.components.figures import value
from memicos_app.components.token_strip import StripRow, pack
from memicos_app.library.token_text import readable

BEFORE, AFTER = 24, 32


class OwnRow(TypedDict):
    """What a feature does on the text under test; an empty `strongest` says nothing yet."""

    strongest: str
    strip: StripRow


NOTHING = OwnRow(strongest="", strip=StripRow(t="", n="", v=[], p=0, m=0.0, k=0, s=[]))


def own_row(tokens: Sequence[str], values: Sequence[float]) -> OwnRow:
    """The text around the token where a feature is strongest; all of it is quiet where it does not fire."""
    if not values:
        return NOTHING
    peak = max(range(len(values)), key=values.__getitem__)
    first = max(0, peak - BEFORE)
    around = slice(first, peak + AFTER + 1)
    return OwnRow(
        strongest=value(values[peak]), strip=pack(readable(tokens[around]), values[around], peak=peak - first)
    )
