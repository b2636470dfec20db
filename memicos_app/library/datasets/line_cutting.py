"""Usual lines of `activations/` taken apart without parsing all of them: tokens and values are cut out as text.

What is cut out is checked by whoever converts it; together the parts are the line, or there are none.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import orjson

from memicos_app.library.datasets.rows import LARGEST
from memicos_app.library.example_columns import stretches
from memicos_app.library.packing import Floats, Ints

PLACE = secrets.randbits(50)
"""Stands for tokens and values in what is left of a line; no file can know it."""
_PLACE_TEXT = b"%d" % PLACE
_TOKENS, _VALUES = b'"tokens":', b'"values":'
_BRACKET, _COMMA, _BLANK, _QUOTE, _BRACE, _ZERO, _POINT = b'[, "}0.'
_LETTERS = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")
_NUMERIC = b"0123456789+-.eE"


class Cut(NamedTuple):
    """A line without its tokens and values."""

    number: int
    raw: bytes
    text: bytes
    values: bytes
    row: dict[str, Any]


def cut(number: int, raw: bytes) -> Cut:
    """A line with its tokens and values taken out; one that does not look as usual has an empty row."""
    try:
        at = raw.find(_TOKENS) + len(_TOKENS)
        at += raw[at] == _BLANK
        end = _end_of_texts(raw, at)
        before = raw.find(_VALUES, end)
        before = (before if before >= 0 else raw.find(_VALUES, 0, at)) + len(_VALUES)
        before += raw[before] == _BLANK
        if raw[at] != _BRACKET or raw[before] != _BRACKET:
            return Cut(number, raw, b"", b"", {})
        after = raw.index(b"]", before) + 1
        if before > at:
            rest = b"".join((raw[:at], _PLACE_TEXT, raw[end:before], _PLACE_TEXT, raw[after:]))
        else:
            rest = b"".join((raw[:before], _PLACE_TEXT, raw[after:at], _PLACE_TEXT, raw[end:]))
        row = orjson.loads(rest)
    except (IndexError, ValueError):
        row = None
    if type(row) is not dict:
        return Cut(number, raw, b"", b"", {})
    return Cut(number, raw, raw[at:end], raw[before + 1 : after - 1], row)


def _end_of_texts(raw: bytes, start: int) -> int:
    """The place behind a list of texts: a quote and a bracket, after which the next name or the line's end follows.

    Inside a text the same bytes cannot be followed by a letter, as its closing quote comes before.
    """
    at = start
    while True:
        at = raw.index(b'"]', at) + 2
        after = raw[at]
        if after == _COMMA:
            name = at + 1 + (raw[at + 1] == _BLANK)
            if raw[name] == _QUOTE and raw[name + 1] in _LETTERS:
                return at
        elif after == _BRACE and not raw[at + 1 :].strip():
            return at
        at -= 1


def strings(text: bytes) -> list[str] | None:
    """JSON of a list of strings, at least one; None where it is something else."""
    try:
        tokens = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    usual = isinstance(tokens, list) and set(map(type, tokens)) == {str}
    return tokens if usual else None


def dense_values(texts: Sequence[bytes]) -> tuple[Floats, Ints] | None:
    """Numbers of comma-separated lists end to end, and how many each has; None where something else is among them.

    Nearly all numbers are zeros, so only the others are converted.
    """
    joined = b",".join(texts)
    if b" " in joined:
        joined = b",".join([text.replace(b", ", b",") for text in texts])
    if joined.translate(None, _NUMERIC + b","):
        return None
    lists = np.asarray([len(text) - text.count(b", ") + 1 for text in texts], np.int64)
    data = np.frombuffer(joined + b",", np.uint8)
    ends = np.flatnonzero(data == _COMMA)
    sizes = np.diff(ends, prepend=-1)
    other = np.flatnonzero(~_zeros(data, ends, sizes))
    try:
        numbers = orjson.loads(b"[%b]" % data[stretches(sizes, other)][:-1].tobytes())
    except orjson.JSONDecodeError:
        return None
    if len(numbers) != len(other):
        return None
    dense = np.zeros(len(ends))
    dense[other] = numbers
    if not np.abs(dense).max(initial=0) < LARGEST:
        return None
    return dense, np.diff(np.searchsorted(ends, np.cumsum(lists)), prepend=0)


def _zeros(data: npt.NDArray[np.uint8], ends: Ints, sizes: Ints) -> npt.NDArray[np.bool_]:
    """Which numbers are written `0`, or `0.0`, as some languages do; `sizes` count the comma."""
    found: npt.NDArray[np.bool_] = (sizes == 2) & (data[ends - 1] == _ZERO)
    wide = np.flatnonzero(sizes == 4)
    last = ends[wide] - 1
    found[wide] = (data[last] == _ZERO) & (data[last - 1] == _POINT) & (data[last - 2] == _ZERO)
    return found
