"""What features mean, in words: reading explanations in order, and keeping the ones that stand for a feature.

Reading order: written by hand first, explanations from top tokens last, else by score, then newest.
"""

from __future__ import annotations

from sqlalchemy import RowMapping
from sqlmodel.ext.asyncio.session import AsyncSession

from memicos_app.db.text import original, original_json
from memicos_app.library.query import rows, run_in
from memicos_app.library.views import ExplanationView

TOP_TOKENS = "top-tokens"
BY_HAND = "written-by-hand"

READING_ORDER = "coalesce(t.rank, 1), x.score DESC NULLS LAST, x.created_at DESC, x.number DESC"
CURRENT = "(x.generation_id IS NULL OR x.generation_id = s.current_generation)"
"""Whether an explanation `x` of source `s` is to be seen: it was made here, or came with the current data."""


async def for_feature(model_id: str, source_id: str, index: int) -> list[ExplanationView]:
    """Explanations of a feature in reading order; none where there is no such feature."""
    found = await rows(
        f"""
        SELECT x.id, x.description, x.type_name, coalesce(t.display_name, x.type_name, '') AS type_display_name,
               x.explainer, coalesce(u.name, x.author_name) AS author, x.notes, x.created_at, x.scores
        FROM explanations AS x
        JOIN sources AS s ON s.model_id = x.model_id AND s.id = x.source_id
        LEFT JOIN explanation_types AS t ON t.name = x.type_name
        LEFT JOIN users AS u ON u.id = x.author_id
        WHERE x.model_id = :model AND x.source_id = :source AND x.index = :index AND {CURRENT}
        ORDER BY {READING_ORDER}
        """,
        model=model_id,
        source=source_id,
        index=index,
    )
    return [_view(one) for one in found]


async def refresh_labels(
    session: AsyncSession,
    model_id: str,
    source_id: str,
    *,
    index: int | None = None,
    generation_id: int | None = None,
) -> None:
    """Make a source's lists and counts follow its explanations; to be called in the transaction that changed them.

    Args:
        index: only this feature's explanations changed; None: all.
        generation_id: the generation that is becoming the current one; None: the one that is.
    """
    values = {"model": model_id, "source": source_id, "index": index, "generation": generation_id}
    for statement in _LABELS:
        await run_in(session, statement, **values)


_SOURCE = """
    WITH s AS (
        SELECT model_id, id, coalesce(CAST(:generation AS integer), current_generation) AS current_generation
        FROM sources WHERE model_id = :model AND id = :source
    )"""
_LABELS = (
    f"""{_SOURCE}
    DELETE FROM feature_labels AS l USING s
    WHERE l.generation_id = s.current_generation AND (CAST(:index AS integer) IS NULL OR l.index = :index)
    """,
    f"""{_SOURCE}
    INSERT INTO feature_labels (generation_id, index, description, type_name, sort_key)
    SELECT DISTINCT ON (x.index) f.generation_id, x.index, x.description, coalesce(x.type_name, ''),
           left(lower(x.description), 64)
    FROM s
    JOIN explanations AS x ON x.model_id = s.model_id AND x.source_id = s.id AND {CURRENT}
    JOIN features AS f ON f.generation_id = s.current_generation AND f.index = x.index
    LEFT JOIN explanation_types AS t ON t.name = x.type_name
    WHERE CAST(:index AS integer) IS NULL OR x.index = :index
    ORDER BY x.index, {READING_ORDER}
    """,
    f"""{_SOURCE}
    UPDATE sources AS u SET
        n_explained = (SELECT count(*) FROM feature_labels AS l WHERE l.generation_id = s.current_generation),
        n_explanations = (
            SELECT count(*) FROM explanations AS x
            WHERE x.model_id = s.model_id AND x.source_id = s.id AND {CURRENT}
        )
    FROM s WHERE u.model_id = s.model_id AND u.id = s.id
    """,
)


def _view(one: RowMapping) -> ExplanationView:
    return ExplanationView(
        id=original(one["id"]),
        description=original(one["description"]),
        type_name=original(one["type_name"] or ""),
        type_display_name=original(one["type_display_name"]),
        model_name=original(one["explainer"]) if one["explainer"] else None,
        author=original(one["author"]),
        notes=original(one["notes"]) if one["notes"] else None,
        created_at=one["created_at"],
        scores=original_json(one["scores"]),
    )
