"""Which words of a steered text the unsteered one does not have: for a faint mark under them on the page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby

_PIECES = re.compile(r"\s*\S+|\s+$")


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of text that is, as a whole, the same as in the other text or different from it."""

    text: str
    differs: bool


def segments(text: str, other: str) -> list[Segment]:
    """`text` cut into runs that `other` has in the same order and runs that it has not.

    Words are compared, each with the white space before it left out of the comparison; the runs join to
    `text` again, character for character. A text that is still growing is compared with as much of
    `other` as it could reach, so that words not yet written do not shift the marks.
    """
    words, others = _PIECES.findall(text), _PIECES.findall(other)
    same = _same_words([word.strip() for word in words], [word.strip() for word in others[: len(words) + 8]])
    flagged = [(word, index not in same) for index, word in enumerate(words)]
    return [Segment("".join(word for word, _ in run), differs) for differs, run in groupby(flagged, lambda w: w[1])]


def _same_words(words: list[str], others: list[str]) -> set[int]:
    matcher = SequenceMatcher(None, words, others, autojunk=False)
    return {index for block in matcher.get_matching_blocks() for index in range(block.a, block.a + block.size)}
