"""Where a reader is in a list that goes on: a text that names the last thing shown, not how many were passed.

What comes or goes meanwhile neither brings a thing twice nor leaves one out. A cursor is bound to its question by a
hash; what it holds is between the list and itself, readers hand it back as it is.
"""

from __future__ import annotations

import json
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Generic, TypeVar

from memicos_app.library.errors import BadInputError

_LARGEST = 1 << 18
"""Bytes, unpacked."""
_LARGEST_NUMBER = 3.4e38
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some of a list."""

    items: list[T]
    cursor: str | None
    """Leads to those that follow; None: these are the last."""


def question_hash(*parts: object) -> str:
    """What binds a cursor to a question."""
    return sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()[:12]


def page(found: Iterable[T], size: int, question: str, place: Callable[[T], Sequence[Any]]) -> Page[T]:
    """A page out of the next `size` + 1 things, where there are as many; `place` says what a cursor tells of one."""
    items = list(found)
    cursor = packed([question, *map(_plain, place(items[size - 1]))]) if len(items) > size else None
    return Page(items[:size], cursor)


def place(cursor: str | None, question: str, *kinds: type) -> Sequence[Any]:
    """What a cursor says of the last thing that was shown, each part of its kind; of none: None for each.

    Raises:
        BadInputError: it is none, or one of another question; `field` is `cursor`.
    """
    if not cursor:
        return [None] * len(kinds)
    asked, *parts = unpacked(cursor)
    if asked != question:
        raise BadInputError("This cursor is of another list or search: begin without one.", field="cursor")
    try:
        return [_of_kind(part, kind) for part, kind in zip(parts, kinds, strict=True)]
    except (ValueError, TypeError):
        raise none() from None


def packed(parts: Sequence[Any]) -> str:
    """Plain data as a text that may stand in an address."""
    body = json.dumps(parts, separators=(",", ":")).encode()
    return urlsafe_b64encode(zlib.compress(body)).decode().rstrip("=")


def unpacked(cursor: str) -> list[Any]:
    """What was packed. Raises `BadInputError`."""
    try:
        unpacker = zlib.decompressobj()
        body = unpacker.decompress(urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)), _LARGEST)
        if unpacker.unconsumed_tail:
            raise ValueError("too long")
        parts = json.loads(body)
    except (ValueError, RecursionError, zlib.error, Base64Error):
        raise none() from None
    if not isinstance(parts, list) or not parts:
        raise none()
    return parts


def none() -> BadInputError:
    """What is told of a text that is no cursor."""
    return BadInputError("This is no cursor: hand back nextCursor as it came.", field="cursor")


def _plain(part: Any) -> Any:
    return part.isoformat() if isinstance(part, datetime) else part


def _of_kind(part: Any, kind: type[Any]) -> Any:
    if kind is datetime:
        moment = datetime.fromisoformat(part)
        if moment.tzinfo is None:
            raise ValueError("a moment of no zone")
        return moment
    if kind is float and isinstance(part, int):
        return float(part)
    if type(part) is not kind:
        raise ValueError("of another kind")
    if isinstance(part, int) and not 0 <= part < 1 << 63:
        raise ValueError("out of range")
    if isinstance(part, float) and not abs(part) < _LARGEST_NUMBER:
        raise ValueError("out of range")
    if isinstance(part, str) and (part.encode() and "\x00" in part):
        raise ValueError("no text of the database")
    return part
