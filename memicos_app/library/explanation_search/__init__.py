"""Search by what features mean: vectors of every embedder and the words themselves, fused, in pages that stay put.

`search` takes a query, `like` an explanation. Where to look and what to leave out is in `asked.py`, the lists are
in `meaning.py` and `words.py`, how they become one is in `fusing.py`, and where a reader is in `cursors.py`.
"""

from __future__ import annotations

import asyncio

from memicos_app.library import rates
from memicos_app.library.errors import BadInputError
from memicos_app.library.explanation_search import cursors, meaning, words
from memicos_app.library.explanation_search.asked import ALL, WAYS, Bounds, Filters, Scope, Selection, Way, select
from memicos_app.library.explanation_search.found import Candidate, Found, FoundExplanation, Page
from memicos_app.library.explanation_search.fusing import Ranked, fused
from memicos_app.library.explanation_search.likeness import question_like
from memicos_app.library.explanation_search.question import Question, question_of
from memicos_app.library.explanation_search.showing import shown

__all__ = [
    "ALL",
    "Bounds",
    "Filters",
    "Found",
    "FoundExplanation",
    "Page",
    "Scope",
    "Way",
    "like",
    "search",
    "search_at",
]

LONGEST_QUERY = 2000
MOST_A_PAGE = 100
BLOCKS = (45, 300, 1600)
"""Explanations that each list gives for the first block of results, for the second, for the last.

A walk with filters takes as long as the list is; the first is enough for two pages.
"""
WEIGHT_OF_WORDS = 1.0


async def search(
    query: str,
    *,
    scope: Scope = Scope("all"),  # noqa: B008 (it cannot change)
    filters: Filters = Filters(),  # noqa: B008
    way: Way = "hybrid",
    cursor: str | None = None,
    limit: int = 20,
) -> Page:
    """Features whose explanations mean or say what a query does, each feature once, best first.

    Args:
        way: by meaning and words, or by one of them.
        cursor: of the page before; with the same question.
        limit: features a page, 1 to 100.

    Raises:
        BadInputError: an empty or too long query, an unknown way, a cursor of another question, a limit out of range.
        NotFoundError: no such release, model or source.
        UnavailableError: the database does not answer.
    """
    text = _text(query)
    if way not in WAYS:
        raise BadInputError(f"way is one of {', '.join(WAYS)}.", field="way")
    place = _place(cursor, cursors.question_hash(text, scope, filters, way), limit)
    await rates.take("explanation-search")
    selection, question = await asyncio.gather(select(scope, filters), question_of(text, way))
    return await _page(question, selection, place, limit, cursors.question_hash(text, scope, filters, way))


async def search_at(
    query: str,
    offset: int,
    *,
    scope: Scope = Scope("all"),  # noqa: B008
    filters: Filters = Filters(),  # noqa: B008
    limit: int = 20,
) -> tuple[list[Found], bool]:
    """The results of a hybrid search from a place on, and whether more follow: for clients that count.

    While nothing changes, places that follow each other hold everything once; `search` promises it in any case.

    Raises:
        BadInputError: an empty or too long query.
        NotFoundError: no such release, model or source.
        UnavailableError: the database does not answer.
    """
    text = _text(query)
    await rates.take("explanation-search")
    selection, question = await asyncio.gather(select(scope, filters), question_of(text, "hybrid"))
    order: list[Candidate] = []
    more = True
    for block in range(len(BLOCKS)):
        if not more or len(order) > offset + limit:
            break
        added, more = await _block(question, selection, block, {one.mark for one in order})
        order += added
    numbers = [one.number for one in order[offset : offset + limit]]
    found = await shown(numbers, selection, question.vectors, question.words, offset + 1)
    return found, len(order) > offset + limit


async def like(
    explanation_id: str,
    *,
    scope: Scope = Scope("all"),  # noqa: B008
    filters: Filters = Filters(),  # noqa: B008
    cursor: str | None = None,
    limit: int = 20,
) -> Page:
    """Features whose explanations mean about the same as one explanation does; not its own feature.

    Raises:
        NotFoundError: no such explanation, release, model or source.
        BadInputError: as `search`.
        UnavailableError: the database does not answer.
    """
    asked = cursors.question_hash("like", explanation_id, scope, filters)
    place = _place(cursor, asked, limit)
    await rates.take("explanation-search")
    selection, question = await asyncio.gather(select(scope, filters), question_like(explanation_id))
    return await _page(question, selection, place, limit, asked)


def _text(query: str) -> str:
    if not query.strip():
        raise BadInputError("The query is empty.", field="query")
    if len(query) > LONGEST_QUERY:
        raise BadInputError(f"The query is longer than {LONGEST_QUERY} characters.", field="query")
    return " ".join(query.split())


def _place(cursor: str | None, asked: str, limit: int) -> cursors.Place:
    if not 1 <= limit <= MOST_A_PAGE:
        raise BadInputError(f"limit is a whole number from 1 to {MOST_A_PAGE}.", field="limit")
    return cursors.read(cursor, asked) if cursor else cursors.Place()


async def _page(question: Question, selection: Selection, place: cursors.Place, limit: int, asked: str) -> Page:
    """The page from a place on; blocks are made until it is full or nothing follows."""
    results: list[Found] = []
    while True:
        wanted = place.rest[: limit - len(results)]
        found = await shown(wanted, selection, question.vectors, question.words, len(place.shown) + 1)
        results += found
        marks = tuple(Candidate(0, one.model_id, one.source_id, one.index).mark for one in found)
        place = cursors.Place(place.block, place.rest[len(wanted) :], place.shown + marks, place.more)
        while place.more and not place.rest:
            place = await _next_block(question, selection, place)
        if len(results) >= limit or not place.rest:
            break
    cursor = cursors.written(place, asked) if place.rest else None
    way: Way = question.way if question.vectors else "words"
    return Page(results, cursor, question.names, way, question.note)


async def _next_block(question: Question, selection: Selection, place: cursors.Place) -> cursors.Place:
    found, more = await _block(question, selection, place.block + 1, set(place.shown))
    return cursors.Place(place.block + 1, tuple(one.number for one in found), place.shown, more)


async def _block(question: Question, selection: Selection, block: int, met: set[int]) -> tuple[list[Candidate], bool]:
    """The candidates that a block adds to those met before, and whether another may add some."""
    size = BLOCKS[block]
    lists = await _lists(question, selection, size)
    added = [one for one in fused(lists) if one.mark not in met and one.feature != question.besides]
    return added, block + 1 < len(BLOCKS) and any(len(each.candidates) >= size for each in lists)


async def _lists(question: Question, selection: Selection, size: int) -> list[Ranked]:
    """Every list there is for a question, side by side."""
    near = [meaning.nearest(selection, number, vector, size) for number, vector in question.vectors.items()]
    if question.terms:
        said = words.holding(selection, question.terms, size)
    elif question.text and (question.way == "words" or not near):
        said = words.holding_text(selection, question.text, size)
    else:
        said = None
    found = await asyncio.gather(*near, *([said] if said is not None else []))
    weights = [1.0] * len(near) + [WEIGHT_OF_WORDS]
    return [Ranked(each, weight) for each, weight in zip(found, weights, strict=False)]
