"""Candidates as they are shown: each feature with its explanations that fit, the best first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from memicos_app.db.text import original
from memicos_app.library.embedders import Vectors
from memicos_app.library.explanation_search.asked import FEATURES, SOURCES, Selection
from memicos_app.library.explanation_search.found import Found, FoundExplanation
from memicos_app.library.explanation_search.meaning import TOP_TOKENS_BEHIND, as_text
from memicos_app.library.explanations import TOP_TOKENS
from memicos_app.library.query import Row, rows_planned

WORDS_AHEAD = 0.3
"""Cosine by which an explanation that holds words of the query stands before its feature's others."""


async def shown(
    numbers: Sequence[int], selection: Selection, vectors: Mapping[int, Vectors], words: str, first_rank: int
) -> list[Found]:
    """The features of explanations, in their order; one that has gone meanwhile is left out.

    Args:
        numbers: of the explanations that the features were found by.
        vectors: the query's by embedder, the default first.
        words: what marks an explanation as holding words of the query; empty: none does.
    """
    if not numbers:
        return []
    similarity, joins = _similarity(vectors)
    found = await rows_planned(
        f"""
        WITH chosen AS MATERIALIZED (
            SELECT DISTINCT ON (x.model_id, x.source_id, x.index) x.model_id, x.source_id, x.index, n.place
            FROM unnest(CAST(:numbers AS bigint[])) WITH ORDINALITY AS n (number, place)
            JOIN explanations AS x ON x.number = n.number ORDER BY 1, 2, 3, n.place
        )
        SELECT c.place, x.number, x.id, x.model_id, x.source_id, x.index, x.description, x.type_name, x.explainer,
            x.score, f.density, f.max_activation, {similarity} AS similarity,
            (:words <> '' AND x.lexemes @@ CAST(:words AS tsquery)) AS words
        FROM chosen AS c
        JOIN explanations AS x ON x.model_id = c.model_id AND x.source_id = c.source_id AND x.index = c.index
        {SOURCES} {FEATURES} {joins}
        WHERE {selection.conditions}
        """,
        numbers=list(numbers),
        words=words,
        **{f"vector_{number}": as_text(vector) for number, vector in vectors.items()},
        **selection.values,
    )
    features: dict[int, list[Row]] = defaultdict(list)
    for one in found:
        features[one["place"]].append(one)
    return [_found(features[place], first_rank + nth) for nth, place in enumerate(sorted(features))]


def _similarity(vectors: Mapping[int, Vectors]) -> tuple[str, str]:
    """The cosine by the first embedder that has a vector, and the joins that it needs."""
    if not vectors:
        return "CAST(NULL AS float8)", ""
    each = [
        f"1 - (e{number}.embedding <=> CAST(:vector_{number} AS halfvec({len(vector)})))"
        for number, vector in vectors.items()
    ]
    joins = [
        f"LEFT JOIN explanation_embeddings AS e{number} "
        f"ON e{number}.embedder_id = {number} AND e{number}.explanation_number = x.number"
        for number in vectors
    ]
    return f"coalesce({', '.join(each)})", " ".join(joins)


def _found(explained: list[Row], rank: int) -> Found:
    best = sorted(explained, key=lambda one: (-_fit(one), one["number"]))
    first = best[0]
    return Found(
        model_id=first["model_id"],
        source_id=first["source_id"],
        index=first["index"],
        explanations=tuple(
            FoundExplanation(
                id=original(one["id"]),
                description=original(one["description"]),
                type_name=original(one["type_name"] or ""),
                explainer=original(one["explainer"]) if one["explainer"] else None,
                score=one["score"],
                similarity=one["similarity"],
                words=bool(one["words"]),
            )
            for one in best
        ),
        density=first["density"],
        max_activation=first["max_activation"],
        rank=rank,
    )


def _fit(one: Row) -> float:
    """How well an explanation tells why its feature was found: what holds the words goes before what is only near."""
    near = -1.0 if one["similarity"] is None else float(one["similarity"])
    behind = TOP_TOKENS_BEHIND if one["type_name"] == TOP_TOKENS else 0.0
    return near + (WORDS_AHEAD if one["words"] else 0.0) - behind
