"""What a search by explanation answers: at once by words where meaning takes its time, and what is told of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

from memicos_app.components.explanations_asked import ExplanationsAsked
from memicos_app.library import explanation_search
from memicos_app.library.embedders.filling import being_made
from memicos_app.library.embedders.known import with_vectors
from memicos_app.library.explanation_search import Page

LIMIT = 20
"""Features a page."""
PATIENCE = 1.5
"""Seconds after which a search that compares meanings shows what it has."""
STILL = "By words so far: the model that compares meanings is being loaded."


async def found_so_far(asked: ExplanationsAsked) -> AsyncIterator[Page]:
    """What the address asks for; where meaning takes its time, what words find comes first."""
    whole = asyncio.create_task(search(asked))
    try:
        await asyncio.wait([whole], timeout=PATIENCE)
        if not whole.done() and asked.query and asked.way == "hybrid":
            by_words = await search(replace(asked, way="words"))
            yield replace(by_words, cursor=None, note=STILL)
        yield await whole
    finally:
        whole.cancel()
        await asyncio.gather(whole, return_exceptions=True)


async def search(asked: ExplanationsAsked, cursor: str | None = None) -> Page:
    """What the address asks for, or what follows."""
    if asked.like:
        return await explanation_search.like(
            asked.like, scope=asked.scope, filters=asked.filters, cursor=cursor, limit=LIMIT
        )
    return await explanation_search.search(
        asked.query, scope=asked.scope, filters=asked.filters, way=asked.way, cursor=cursor, limit=LIMIT
    )


async def lacks_vectors(found: Page, asked: ExplanationsAsked) -> bool:
    """Whether meaning could not be searched because nothing is embedded yet, nor about to be."""
    wanted = bool(asked.like) or asked.way != "words"
    return wanted and not found.embedders and not await with_vectors() and not await being_made()


def told(number: int, *, more: bool) -> str:
    if more:
        return f"The first {number} features"
    return f"{number} feature" if number == 1 else f"{number} features"


def used(found: Page) -> str:
    """Which way was taken, and with which embedders."""
    meaning = f"by meaning ({', '.join(found.embedders)})" if found.embedders else ""
    words = "by words" if found.way_used != "meaning" else ""
    said = " and ".join(filter(None, [meaning, words]))
    return said[:1].upper() + said[1:]
