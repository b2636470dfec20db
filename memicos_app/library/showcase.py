"""Features to begin with: a few that show well what steering does, and one by chance."""

from __future__ import annotations

from memicos_app.db.text import original
from memicos_app.library.feature_lists import feature_rows
from memicos_app.library.features import random_feature
from memicos_app.library.query import rows
from memicos_app.library.views import FeatureHit, FeatureRow

RARE, COMMON = 0.0002, 0.01
"""Between these shares of tokens a feature is neither about one text nor about every text."""
TRIED = {("smollm2-135m-it", "15-res-4k"): (53, 143, 3849)}
"""Features whose steered texts were read and are about what their explanations say: energy, president, light."""


async def showcase(model_id: str, source_id: str, limit: int = 3) -> list[FeatureHit]:
    """Explained features of a source to steer with: those that were tried, then written explanations.

    Of the others, those that fire stronger than half of all features are left out: their usual strength breaks
    the text.
    """
    found = await rows(
        """
        SELECT f.index, l.description, l.type_name, f.density, f.max_activation
        FROM sources AS s
        JOIN features AS f ON f.generation_id = s.current_generation
        JOIN feature_labels AS l ON l.generation_id = f.generation_id AND l.index = f.index
        LEFT JOIN explanation_types AS t ON t.name = l.type_name
        WHERE s.model_id = :model AND s.id = :source AND (
            f.index = ANY(:tried) OR f.density BETWEEN :rare AND :common AND f.max_activation <= (
                SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY u.max_activation) FROM features AS u
                WHERE u.generation_id = s.current_generation
            )
        )
        ORDER BY array_position(CAST(:tried AS integer[]), f.index), coalesce(t.rank, 1),
                 f.positive_values[1] DESC NULLS LAST, f.index LIMIT :limit
        """,
        model=model_id,
        source=source_id,
        tried=list(TRIED.get((model_id, source_id), ())),
        rare=RARE,
        common=COMMON,
        limit=limit,
    )
    return [
        FeatureHit(
            model_id=model_id,
            source_id=source_id,
            index=one["index"],
            explanation=original(one["description"]),
            explanation_type=original(one["type_name"] or ""),
            density=one["density"],
            max_activation=one["max_activation"],
        )
        for one in found
    ]


async def random_row() -> tuple[str, str, FeatureRow] | None:
    """A feature by chance with its strongest example; None where there is none.

    Raises:
        NotFoundError: there is no feature to choose from.
    """
    model_id, source_id, index = await random_feature()
    found = await feature_rows(model_id, source_id, [index])
    return (model_id, source_id, found[0]) if found else None
