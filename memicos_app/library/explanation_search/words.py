"""Explanations that hold the words of a query, also in another form, half written, or with a slip of the pen.

A text scores the sum over the words it holds of log(1 + N / (1 + n)), n being how many of the N explanations hold a
word (inverse document frequency, Spärck Jones 1972); among equals the shorter text comes first.
"""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from memicos_app.db.text import storable
from memicos_app.library import vocabulary
from memicos_app.library.embedders import minilm
from memicos_app.library.explanation_search.asked import Selection
from memicos_app.library.explanation_search.found import Candidate
from memicos_app.library.query import row, rows, rows_planned

_MOST_TERMS = 16
_CORRECTED = 0.5
_RANKED = 4000
"""Texts that are ranked at most: where a word is in more, rarer ones decide which they are."""


@dataclass(frozen=True, slots=True)
class Term:
    """A word of a query: what finds it, how much it tells, and how it was written where that was corrected."""

    query: str
    """In the language of `to_tsquery`."""
    weight: float
    n: int
    read_as: str = ""

    @property
    def sure(self) -> float:
        """How sure it is that the query means this; what holds a corrected word answers so much of it."""
        return _CORRECTED if self.read_as else 1.0


async def terms_of(query: str) -> list[Term]:
    """The words of a query that tell something; words such as "the" only where there is no other."""
    written = list(dict.fromkeys(re.findall(r"\w+", query.lower())))[:_MOST_TERMS]
    if not written:
        return []
    found = await rows(
        """
        SELECT w, tsvector_to_array(to_tsvector('simple', w)) AS plain,
            tsvector_to_array(to_tsvector('english', w)) AS stems
        FROM unnest(CAST(:words AS text[])) WITH ORDINALITY AS t (w, place) ORDER BY place
        """,
        words=[storable(word) for word in written],
    )
    telling = [one for one in found if one["stems"]] or list(found)
    forms = [(one["w"], sorted({*one["plain"], *one["stems"]})) for one in telling if one["plain"] or one["stems"]]
    known, total = await vocabulary.counts([form for _, each in forms for form in each])
    terms = []
    for word, each in forms:
        n = max((known.get(form, 0) for form in each), default=0)
        term = Term(_any(each), _weight(n, total), n)
        terms.append(term if n else await _unknown(term, word, total, last=word == written[-1]))
    return terms


async def holding(selection: Selection, terms: Sequence[Term], limit: int) -> list[Candidate]:
    """The explanations that hold most of what the terms tell, best first; `share` says how much of it."""
    if not terms or not selection.n:
        return []
    whole = sum(term.weight for term in terms)
    for condition in _conditions(terms, selection.n):
        found = await rows_planned(
            f"""
            WITH hits AS MATERIALIZED (
                SELECT x.number, x.model_id, x.source_id, x.index, x.lexemes, length(x.description) AS long
                FROM explanations AS x {selection.joined}
                WHERE {selection.conditions} AND x.lexemes @@ CAST(:condition AS tsquery) LIMIT {_RANKED}
            )
            SELECT number, model_id, source_id, index, (
                SELECT sum(t.weight)
                FROM unnest(CAST(:terms AS tsquery[]), CAST(:weights AS float8[])) AS t (term, weight)
                WHERE hits.lexemes @@ t.term
            ) AS told
            FROM hits ORDER BY told DESC NULLS LAST, long, number LIMIT :limit
            """,
            condition=condition,
            terms=[term.query for term in terms],
            weights=[term.weight * term.sure for term in terms],
            limit=limit,
            **selection.values,
        )
        if found:
            return [
                Candidate(one["number"], one["model_id"], one["source_id"], one["index"], (one["told"] or 0) / whole)
                for one in found
            ]
    return []


async def holding_text(selection: Selection, query: str, limit: int) -> list[Candidate]:
    """The explanations that hold a query without a word in it, such as “<b>”, as it is written."""
    pattern = "%" + re.sub(r"([\\\\%_])", r"\\\\\1", query.strip()) + "%"
    found = await rows_planned(
        f"""
        SELECT x.number, x.model_id, x.source_id, x.index FROM explanations AS x {selection.joined}
        WHERE {selection.conditions} AND x.description ILIKE :pattern
        ORDER BY length(x.description), x.number LIMIT :limit
        """,
        pattern=storable(pattern),
        limit=limit,
        **selection.values,
    )
    return [Candidate(one["number"], one["model_id"], one["source_id"], one["index"]) for one in found]


def any_of(terms: Sequence[Term]) -> str:
    """A condition that holds where any of the terms does."""
    return " | ".join(f"({term.query})" for term in terms)


def _conditions(terms: Sequence[Term], n: int) -> list[str]:
    """What to look for, one after the other until something is found: rare words if there are, else all at once."""
    if n <= _RANKED:
        return [any_of(terms)]
    rare: list[Term] = []
    sum_ = 0
    for term in sorted(terms, key=lambda one: one.n):
        sum_ += term.n
        if rare and sum_ > _RANKED:
            break
        rare.append(term)
    if rare[0].n > _RANKED and len(terms) > 1:
        return [" & ".join(f"({term.query})" for term in terms), any_of(rare)]
    return [any_of(rare)]


async def _unknown(term: Term, word: str, total: int, *, last: bool) -> Term:
    """A word that was not counted: a new one, the beginning of one, or one with a slip.

    What is a word by itself is no slip of another, though no explanation holds it: meaning may find it.
    """
    if await _holds_any(term.query):
        return term
    if last and await _holds_any(begun := f"{_quoted(word)}:*"):
        return Term(begun, _weight(10, total), 0)
    if await asyncio.to_thread(minilm.is_word, word) or (meant := await vocabulary.nearest(word)) is None:
        return term
    known, _ = await vocabulary.counts([meant])
    return Term(_quoted(meant), _weight(known.get(meant, 0), total), known.get(meant, 0), read_as=meant)


async def _holds_any(condition: str) -> bool:
    found = await row(
        "SELECT FROM explanations WHERE lexemes @@ CAST(:condition AS tsquery) LIMIT 1", condition=condition
    )
    return found is not None


def _any(forms: Sequence[str]) -> str:
    return " | ".join(_quoted(form) for form in forms)


def _quoted(lexeme: str) -> str:
    inner = lexeme.replace("\\", "\\\\").replace("'", "''")
    return f"'{inner}'"


def _weight(n: int, total: int) -> float:
    return math.log(1 + max(total, 1) / (1 + n))
