"""Where a reader is: a text that holds what follows and what was shown, so that nothing comes twice or never.

Results are made in blocks. A cursor carries the rest of its block, as numbers of explanations, and a mark of each
feature shown; new rows change neither. It is bound to its question by a hash.
"""

from __future__ import annotations

import json
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from hashlib import sha256

from memicos_app.library.errors import BadInputError

_LARGEST = 1 << 18


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


def question_hash(*parts: object) -> str:
    """What binds a cursor to a question."""
    return sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()[:12]


def written(place: Place, question: str) -> str:
    body = json.dumps([question, place.block, place.rest, place.shown, place.more], separators=(",", ":"))
    return urlsafe_b64encode(zlib.compress(body.encode())).decode().rstrip("=")


def read(cursor: str, question: str) -> Place:
    """The place that a cursor tells of.

    Raises:
        BadInputError: it is none, or one of another question; `field` is `cursor`.
    """
    try:
        packed = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        unpacker = zlib.decompressobj()
        body = unpacker.decompress(packed, _LARGEST)
        if unpacker.unconsumed_tail:
            raise ValueError("too long")
        asked, block, rest, shown, more = json.loads(body)
        place = Place(int(block), tuple(map(int, rest)), tuple(map(int, shown)), bool(more))
        if any(not 0 < number < 1 << 63 for number in place.rest) or not -1 <= place.block < 100:
            raise ValueError("out of range")
    except (ValueError, TypeError, OverflowError, RecursionError, zlib.error, Base64Error):
        raise BadInputError("This is no cursor of a search.", field="cursor") from None
    if asked != question:
        raise BadInputError("This cursor is of another search: begin without one.", field="cursor")
    return place
