"""Coloured tokens: rows of examples (`token_strip`), and one token in a table or chip (`token`).

Rows travel packed, because a page shows thousands of tokens: the text once, token lengths as base-36 digits,
and only the values that are not zero.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, NotRequired, TypedDict

import reflex as rx

from memicos_app.components.browser_files import browser_file

SPECIAL = re.compile(r"<\|[^|<>]*\|>|<(?:s|/s|bos|eos|pad|unk)>")
"""Strings of special tokens of common tokenizers: at the head of a window they are no part of its text."""

KNOWN = 32
"""Characters of a token whose length is remembered: the same tokens come again and again."""

for module in ("token_text.js", "token_tip.js", "copy_button.jsx"):
    browser_file(__name__, module)


class StripRow(TypedDict):
    """A packed row; see `pack`."""

    t: str
    n: str
    v: list[float]
    p: int
    m: float
    k: int
    s: list[int]
    d: NotRequired[list[float]]
    h: NotRequired[str]
    c: NotRequired[str]


class StripGroup(TypedDict):
    """Rows under one heading; an empty title draws none."""

    title: str
    note: str
    rows: list[StripRow]


def pack(
    tokens: Sequence[str],
    values: Sequence[float],
    *,
    peak: int | None = None,
    special: Iterable[int] = (),
    attributed: Sequence[float] | None = None,
    label: str = "",
    caption: str = "",
) -> StripRow:
    """A row of `tokens` with one value each, as small as it gets.

    `peak` is the position that a snippet is built around (default: the largest value); `special` are positions
    that do not count; `attributed` is a second value a token (direct feature attribution); `label` replaces the
    maximum in front of the row and `caption` stands behind it. Values keep four decimals. Raises `ValueError`
    when the lengths differ or the row is empty.
    """
    if not tokens or len(tokens) != len(values):
        raise ValueError(f"a row needs as many values as tokens, got {len(values)} and {len(tokens)}")
    at = max(range(len(values)), key=values.__getitem__) if peak is None else peak
    row = StripRow(
        t="".join(tokens),
        n="".join(map(length_digits, tokens)),
        v=sparse(values),
        p=at,
        m=round(values[at], 4),
        k=leading_special(tokens),
        s=sorted(special),
    )
    if attributed:
        row["d"] = sparse(attributed)
    if label:
        row["h"] = label
    if caption:
        row["c"] = caption
    return row


def length_digits(token: str) -> str:
    """The length of a token as a row has it."""
    return _known_digits(token) if len(token) <= KNOWN else base36(utf16_length(token))


@lru_cache(maxsize=1 << 16)
def _known_digits(token: str) -> str:
    return base36(utf16_length(token))


def utf16_length(text: str) -> int:
    """Length of `text` as the browser counts it."""
    return len(text) + sum(1 for character in text if ord(character) > 0xFFFF)


def base36(length: int) -> str:
    """`length` as digits that add up: `z` is 35 and goes on, any other digit ends the number."""
    return "z" * (length // 35) + "0123456789abcdefghijklmnopqrstuvwxyz"[length % 35]


def sparse(values: Sequence[float]) -> list[float]:
    """Positions and values of what is not zero, one after the other."""
    return [part for i, value in enumerate(values) if value and (short := round(value, 4)) for part in (i, short)]


def leading_special(tokens: Sequence[str]) -> int:
    """How many special tokens stand at the head; a text to be tested leaves them out."""
    return next((i for i, token in enumerate(tokens) if not SPECIAL.fullmatch(token)), len(tokens))


def text_event(text: rx.Var[str]) -> tuple[rx.Var[str]]:
    return (text,)


class TokenStrip(rx.Component):
    """Rows of tokens by group. `layout` is `stacked`, `snippet` or `full`; `breaks` draws real line breaks."""

    library = browser_file(__name__, "token_strip.jsx")
    tag = "TokenStrip"

    groups: rx.Var[list[Any]]
    """A list of `StripGroup`."""
    max_value: rx.Var[float]
    """Value of the full colour; 0: the largest of the rows."""
    attributed_max: rx.Var[float]
    layout: rx.Var[str]
    breaks: rx.Var[bool]
    values: rx.Var[bool]
    """Whether each row begins with its maximum."""
    actions: rx.Var[bool]
    """Whether rows have buttons: copy, and test where `on_test` is given."""
    expandable: rx.Var[bool]
    can_test: rx.Var[bool]
    on_test: rx.EventHandler[text_event]  # type: ignore[type-arg, valid-type]


class Token(rx.Component):
    """One token, with its ends and invisible characters shown; tinted by `value` against `max`."""

    library = browser_file(__name__, "token_strip.jsx")
    tag = "Token"

    text: rx.Var[str]
    value: rx.Var[float]
    max: rx.Var[float]
    signed: rx.Var[bool]
    """Tint by the share of `max`, emerald above zero and rose below."""


token_strip = TokenStrip.create
token = Token.create
