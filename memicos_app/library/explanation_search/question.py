"""What is looked for, made ready once: the query's vectors by embedder and its words, and notes on what failed.

Vectors of recent queries are kept, so that a page that follows, or a letter taken back, asks no embedder again.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field

from memicos_app.library.embedders import Embedder, EmbedderError, Vectors, embedders
from memicos_app.library.embedders.filling import being_made
from memicos_app.library.embedders.known import Known, with_vectors
from memicos_app.library.explanation_search.asked import Way
from memicos_app.library.explanation_search.words import Term, any_of, terms_of

_KEPT = 512
_recent: OrderedDict[tuple[int, str], Vectors] = OrderedDict()


@dataclass(frozen=True, slots=True)
class Question:
    """A query, or an explanation whose like is looked for."""

    text: str
    way: Way
    vectors: dict[int, Vectors] = field(default_factory=dict)
    """By embedder, the default first; `[dimensions]` each."""
    names: tuple[str, ...] = ()
    terms: tuple[Term, ...] = ()
    notes: tuple[str, ...] = ()
    besides: tuple[str, str, int] | None = None
    """A feature that is not to be found: the one whose like is looked for."""

    @property
    def words(self) -> str:
        return any_of(self.terms)

    @property
    def note(self) -> str:
        return " ".join(self.notes)


async def question_of(text: str, way: Way) -> Question:
    """A query made ready; an embedder that does not answer is told of in the notes, not raised."""
    notes: list[str] = []
    vectors, names = await _vectors(text, notes) if way != "words" else ({}, ())
    terms = tuple(await terms_of(text)) if way != "meaning" else ()
    if corrected := [term.read_as for term in terms if term.read_as]:
        notes.append(f"Also looked for {', '.join(f'“{one}”' for one in corrected)}.")
    return Question(text, way, vectors, names, terms, tuple(notes))


async def _vectors(text: str, notes: list[str]) -> tuple[dict[int, Vectors], tuple[str, ...]]:
    stored = {one.id: one for one in await with_vectors()}
    able = [one for one in await embedders() if one.id in stored]
    answers = await asyncio.gather(*(_asked(one, text) for one in able), return_exceptions=True)
    vectors: dict[int, Vectors] = {}
    names: list[str] = []
    for embedder, answer in zip(able, answers, strict=True):
        if isinstance(answer, EmbedderError):
            notes.append(f"{embedder.name} was not used: {answer.message}")
        elif isinstance(answer, BaseException):
            raise answer
        else:
            vectors[embedder.id] = answer
            names.append(embedder.name)
    if not vectors:
        notes += await _why_none(stored, bool(able))
    return vectors, tuple(names)


async def _why_none(stored: dict[int, Known], failed: bool) -> list[str]:
    if not stored:
        if await being_made():
            return ["Vectors of explanations are being made; so far only words were searched."]
        return ["No explanation has a vector yet: `memicos embed` makes them. Only words were searched."]
    if failed:
        return ["Only words were searched."]
    names = ", ".join(one.name for one in stored.values())
    return [f"Explanations have vectors of {names}, which cannot be asked here. Only words were searched."]


async def _asked(embedder: Embedder, text: str) -> Vectors:
    key = (embedder.id, text)
    if key not in _recent:
        vectors = await embedder.embed([text], query=True)
        _recent[key] = vectors[0]
        while len(_recent) > _KEPT:
            _recent.popitem(last=False)
    _recent.move_to_end(key)
    return _recent[key]
