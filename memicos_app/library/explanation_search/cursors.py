"""Where a reader is in the results of a search: what follows and what was shown; nothing comes twice or never.

Results are made in blocks. A cursor carries the rest of its block, as numbers of explanations, and a mark of each
feature shown; new rows change neither. How it is written is in `library/cursors.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from memicos_app.library import cursors
from memicos_app.library.cursors import question_hash
from memicos_app.library.errors import BadInputError

__all__ = ["Place", "question_hash", "read", "written"]


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the results of one question."""

    block: int = -1
    """The block that `rest` is of; -1: none was made."""
    rest: tuple[int, ...] = ()
    """Numbers of the explanations that follow in the block."""
    shown: tuple[int, ...] = ()
    """Marks of the features that were shown."""
    more: bool = True
    """Whether another block may follow."""


def written(place: Place, question: str) -> str:
    return cursors.packed([question, place.block, place.rest, place.shown, place.more])


def read(cursor: str, question: str) -> Place:
    """The place that a cursor tells of.

    Raises:
        BadInputError: it is none, or one of another question; `field` is `cursor`.
    """
    try:
        asked, block, rest, shown, more = cursors.unpacked(cursor)
        place = Place(int(block), tuple(map(int, rest)), tuple(map(int, shown)), bool(more))
        if any(not 0 < number < 1 << 63 for number in place.rest) or not -1 <= place.block < 100:
            raise ValueError("out of range")
    except (ValueError, TypeError, OverflowError):
        raise BadInputError("This is no cursor of a search.", field="cursor") from None
    if asked != question:
        raise BadInputError("This cursor is of another search: begin without one.", field="cursor")
    return place
