"""Features near an index that has no dashboard, so that a page can lead on instead of ending."""

from __future__ import annotations

from memicos_app.db.text import original
from memicos_app.library.query import rows


async def neighbours(model_id: str, source_id: str, index: int, limit: int = 6) -> list[tuple[int, str]]:
    """Index and explanation (empty where there is none) of the features nearest to `index`, in order."""
    found = await rows(
        """
        WITH place AS (SELECT current_generation AS generation FROM sources WHERE model_id = :model AND id = :source),
        near AS (
            (SELECT f.index FROM features AS f, place WHERE f.generation_id = place.generation AND f.index < :index
             ORDER BY f.index DESC LIMIT :limit)
            UNION ALL
            (SELECT f.index FROM features AS f, place WHERE f.generation_id = place.generation AND f.index > :index
             ORDER BY f.index LIMIT :limit)
        )
        SELECT near.index, coalesce(l.description, '') AS description
        FROM near CROSS JOIN place
        LEFT JOIN feature_labels AS l ON l.generation_id = place.generation AND l.index = near.index
        ORDER BY abs(CAST(near.index AS bigint) - :index) LIMIT :limit
        """,
        model=model_id,
        source=source_id,
        index=index,
        limit=limit,
    )
    return sorted((int(one["index"]), original(one["description"])) for one in found)
