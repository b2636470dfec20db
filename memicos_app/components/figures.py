"""Numbers as people read them: thousands apart, a share with its per cent sign, no digits that mean nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

EVALUATION = {
    "explained_variance": "explained variance",
    "l0": "active features a token (L0)",
    "dead_share": "dead features",
    "loss_recovered": "loss recovered",
    "tokens": "trained on tokens",
}
"""Figures of an SAE's evaluation that have words of their own."""
SHARES = {"dead_share", "loss_recovered"}


def count(number: int) -> str:
    """`1,048,576`."""
    return f"{number:,}"


def amount(number: int) -> str:
    """A large count in short: `10.0M`, `4.1k`, `950`."""
    for size, unit in ((1e9, "B"), (1e6, "M"), (1e4, "k")):
        if number >= size:
            return f"{number / (1e3 if unit == 'k' else size):.1f}{unit}"
    return count(number)


def share(part: float) -> str:
    """A share of 1 as per cent with three digits that count: `0.600 %`, `0.0012 %`, `12.5 %`; unknown is below 0."""
    if part < 0:
        return "–"
    percent = part * 100
    if percent == 0:
        return "0 %"
    return f"{percent:.3f} %" if 0.1 <= percent < 10 else f"{percent:.3g} %"


def value(number: float) -> str:
    """An activation: two decimals, fewer digits never hide that it is small."""
    return f"{number:.2f}" if abs(number) >= 0.1 or number == 0 else f"{number:.2g}"


def figure(name: str, number: Any) -> str:
    """One figure of an evaluation or a configuration in words."""
    if isinstance(number, bool):
        return "yes" if number else "no"
    if not isinstance(number, int | float):
        return str(number)
    if name in SHARES:
        return share(number)
    if isinstance(number, int) or float(number).is_integer():
        return count(int(number))
    return f"{number:.3f}" if abs(number) < 10 else f"{number:.1f}"


def pairs(figures: Mapping[str, Any], words: Mapping[str, str] | None = None) -> list[tuple[str, str]]:
    """(words, figure) of what is known, in the order of `words` first."""
    names = words or {}
    order = [name for name in names if name in figures] + [name for name in figures if name not in names]
    return [
        (names.get(name, name), figure(name, figures[name]))
        for name in order
        if figures[name] is not None and not isinstance(figures[name], dict | list)
    ]


def size_words(size: float) -> str:
    """Bytes in decimal units with three digits that count: `74.2 MB`, `1.08 GB`, `912 B`."""
    for limit, unit in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if size >= limit * 0.9995:
            return f"{size / limit:.{2 if size < 9.995 * limit else 1 if size < 99.95 * limit else 0}f} {unit}"
    return f"{size:.0f} B"


def money_words(usd: float) -> str:
    """Dollars with as many decimals as tell something: `$12.40`, `$0.0123`, `$0`."""
    if usd >= 1 or usd == 0:
        return f"${usd:,.2f}" if usd else "$0"
    return f"${usd:.4f}" if usd >= 0.0001 else "less than $0.0001"


def number_in(text: str) -> float | None:
    """The number that a field holds; None for an empty one, and for what is none."""
    try:
        found = float(text)
    except ValueError:
        return None
    return found if math.isfinite(found) else None
