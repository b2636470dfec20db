"""Which words of explanations a query found, so that a list can mark them.

The words are compared as the search compares them: as written, by their English stems, and a slip of the pen as the
word that it was read as.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from memicos_app.db.text import storable
from memicos_app.library.explanation_search.words import any_of, terms_of
from memicos_app.library.query import rows

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a text; the parts of a text add up to it."""

    text: str
    marked: bool = False


async def marked(query: str, texts: Sequence[str]) -> list[list[Piece]]:
    """Each text in pieces, of which those that the query's words found are marked."""
    words = sorted({word.lower() for text in texts for word in _WORD.findall(text)})
    found = await _matching(query, words)
    if not found and not _WORD.search(query):
        return [_around(text, query.strip()) for text in texts]
    return [_pieces(text, found) for text in texts]


async def _matching(query: str, words: Sequence[str]) -> frozenset[str]:
    """Those of the words that the query looks for."""
    terms = await terms_of(query) if words else []
    if not terms:
        return frozenset()
    found = await rows(
        """
        SELECT w FROM unnest(CAST(:words AS text[])) AS t (w)
        WHERE (to_tsvector('simple', w) || to_tsvector('english', w)) @@ CAST(:sought AS tsquery)
        """,
        words=[storable(word) for word in words],
        sought=any_of(terms),
    )
    return frozenset(one["w"] for one in found)


def _pieces(text: str, words: frozenset[str]) -> list[Piece]:
    pieces: list[Piece] = []
    end = 0
    for match in _WORD.finditer(text):
        if match.group().lower() in words:
            pieces += [Piece(text[end : match.start()]), Piece(match.group(), marked=True)]
            end = match.end()
    return [one for one in (*pieces, Piece(text[end:])) if one.text]


def _around(text: str, sought: str) -> list[Piece]:
    """Marks what is no word, such as “<b>”, where it stands."""
    before, found, after = text.partition(sought) if sought else (text, "", "")
    return [one for one in (Piece(before), Piece(found, marked=True), Piece(after)) if one.text]
