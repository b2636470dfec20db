"""The question "more like this": the vectors that an explanation has, or gets now where it has none."""

from __future__ import annotations

import json

import numpy as np

from memicos_app.db.text import original, storable
from memicos_app.library.embedders import Vectors
from memicos_app.library.errors import NotFoundError
from memicos_app.library.explanation_search.question import Question, question_of
from memicos_app.library.explanations import CURRENT
from memicos_app.library.query import row, rows


async def question_like(explanation_id: str) -> Question:
    """What to look for; needs no embedder where the explanation has vectors.

    Raises:
        NotFoundError: there is no such explanation.
    """
    one = await row(
        f"""
        SELECT x.number, x.model_id, x.source_id, x.index, x.description FROM explanations AS x
        JOIN sources AS s ON s.model_id = x.model_id AND s.id = x.source_id
        WHERE x.id = :id AND {CURRENT} ORDER BY x.number LIMIT 1
        """,
        id=storable(explanation_id),
    )
    if one is None:
        raise NotFoundError(f"There is no explanation {explanation_id!r} here.", field="id")
    feature = (one["model_id"], one["source_id"], one["index"])
    stored = await rows(
        """
        SELECT m.id, m.name, CAST(e.embedding AS text) AS vector
        FROM explanation_embeddings AS e JOIN embedders AS m ON m.id = e.embedder_id
        WHERE e.explanation_number = :number ORDER BY m.id
        """,
        number=one["number"],
    )
    if not stored:
        asked = await question_of(original(one["description"]), "hybrid")
        return Question(asked.text, "hybrid", asked.vectors, asked.names, asked.terms, asked.notes, feature)
    vectors: dict[int, Vectors] = {each["id"]: np.asarray(json.loads(each["vector"]), np.float32) for each in stored}
    return Question("", "meaning", vectors, tuple(original(each["name"]) for each in stored), besides=feature)
