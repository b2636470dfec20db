"""Names of clusters: the words that their explanations have and others have not.

A word's weight in a cluster is how often it occurs there, times the logarithm of how rare it is among all clusters
(class-based TF-IDF, Grootendorst 2022, arXiv:2203.05794, equation 3). A feature counts a word once.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable

_WORD = re.compile(r"(?<!\w)[^\W\d_][^\W_]{2,}(?:['’-][^\W\d_]+)*(?!\w)")
WORDS = 3
_SAYING_NOTHING = """
about activates activation after all also and any are before being between both but can connection context contexts
especially etc feature fires first for from has have into its last like mentions near not often one or other
particularly phrase phrases pushes related relating same several similar some specific such referring reference
references than that the their them then there these they things this those token tokens two used use uses various
text texts very was were what when where which who with within word words would you your single start end ending
beginning kind kinds talk talks
"""
_EMPTY = frozenset(_SAYING_NOTHING.split())
"""Words that say nothing of what a feature means."""


def words_of(text: str) -> set[str]:
    """The words of an explanation that may name a cluster."""
    return {word for word in map(str.lower, _WORD.findall(text)) if word not in _EMPTY}


def names(texts: Iterable[tuple[int, str]]) -> dict[int, str]:
    """Names of clusters by number, from pairs of cluster and explanation; two clusters never have the same.

    One without words is called by its number.
    """
    counts: dict[int, Counter[str]] = defaultdict(Counter)
    for cluster, text in texts:
        counts[cluster].update(words_of(text))
    total: Counter[str] = Counter()
    for one in counts.values():
        total.update(one)
    average = sum(total.values()) / max(1, len(counts))
    found: dict[int, str] = {}
    taken: set[str] = set()
    for cluster in sorted(counts):
        name = _name(counts[cluster], total, average)
        found[cluster] = name if name and name not in taken else f"{name or 'cluster'} {cluster + 1}"
        taken.add(found[cluster])
    return found


def _name(counts: Counter[str], total: Counter[str], average: float) -> str:
    weights = {word: n * math.log(1 + average / total[word]) for word, n in counts.items()}
    ranked = sorted(weights, key=lambda word: (-weights[word], word))
    chosen: list[str] = []
    for word in ranked:
        if not any(_same(word, one) for one in chosen):
            chosen.append(word)
        if len(chosen) == WORDS:
            break
    return ", ".join(chosen)


def _same(word: str, other: str) -> bool:
    """Whether two words are forms of one, as far as their letters tell."""
    short, long = sorted((word, other), key=len)
    return long.startswith(short[: max(4, len(short) - 2)]) and len(long) - len(short) <= 3
