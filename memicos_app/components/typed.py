"""What a box asked the address for while somebody types: answers that come late do not undo later letters."""

from __future__ import annotations

from collections.abc import Sequence


def followed(typed: Sequence[str], shown: str) -> tuple[list[str], bool]:
    """What of `typed` is still on its way when the address shows `shown`, and whether that came from elsewhere.

    Args:
        typed: what the box asked for, oldest first.
        shown: the words that the address holds now.
    """
    if shown in typed:
        return list(typed[typed.index(shown) :]), False
    return [shown], True
