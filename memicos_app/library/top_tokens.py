"""An explanation from tokens alone: what a feature fires on and what it makes likelier, by a fixed rule.

No language model reads anything here, and the explanation's type says so.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

MOST_FIRING = 4
MOST_LIKELIER = 3
_LONGEST = 24
_NAMES = {" ": "space", "\n": "line break", "\t": "tab", "\r": "carriage return", "": "empty token"}


def top_token_explanation(positive_tokens: Sequence[str], top_activation_tokens: Sequence[str]) -> str:
    """One line about a feature.

    Args:
        positive_tokens: tokens whose logit the feature raises most, strongest first.
        top_activation_tokens: tokens at the peaks of its top examples, strongest first.

    Returns:
        For example `Fires on “cat”, “dog”; makes “food”, “owner” likelier.`; empty where there is nothing to say.
    """
    firing = _shown(_by_frequency(top_activation_tokens), MOST_FIRING)
    likelier = _shown(positive_tokens, MOST_LIKELIER)
    parts = []
    if firing:
        parts.append(f"fires on {', '.join(firing)}")
    if likelier:
        parts.append(f"makes {', '.join(likelier)} likelier")
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}." if text else ""


def named_tokens(explanation: str) -> str:
    """Only the tokens that `top_token_explanation` names: what search by meaning should see of it."""
    return ", ".join(re.findall(r"“([^”]*)”", explanation)) or explanation


def firing_tokens(explanation: str) -> str:
    """Of what `top_token_explanation` names only the tokens that the feature fires on."""
    return named_tokens(explanation.partition("; makes ")[0])


def _by_frequency(tokens: Sequence[str]) -> list[str]:
    """Most frequent first; among equals the one that comes first, in its first spelling."""
    spelling: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for token in tokens:
        counts[spelling.setdefault(_key(token), token)] += 1
    return [token for token, _ in counts.most_common()]


def _shown(tokens: Iterable[str], most: int) -> list[str]:
    first_spelling: dict[str, str] = {}
    for token in tokens:
        first_spelling.setdefault(_key(token), token)
    return [_name(token) for token in list(first_spelling.values())[:most]]


def _key(token: str) -> str:
    return token.strip().casefold() or token


def _name(token: str) -> str:
    """The token in quotation marks; what cannot be seen by its name, and how often it repeats."""
    text = token.strip()
    if any(sign.isprintable() for sign in text):
        shown = "".join(sign if sign.isprintable() else "·" for sign in text)
        return f"“{shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1] + '…'}”"
    first = token[:1]
    if token != first * len(token):
        return "blank text"
    name = _NAMES.get(first) or f"U+{ord(first):04X}"
    return name if len(token) < 2 else f"{name} ×{len(token)}"
