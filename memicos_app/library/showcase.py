"""Features to begin with: a few that show well what steering does, and one by chance."""

from __future__ import annotations

from memicos_app.db.text import original
from memicos_app.library import presets
from memicos_app.library.feature_lists import feature_rows
from memicos_app.library.features import random_feature
from memicos_app.library.query import rows
from memicos_app.library.views import FeatureHit, FeatureRow

RARE, COMMON = 0.0002, 0.01
"""Between these shares of tokens a feature is neither about one text nor about every text."""


async def showcase(model_id: str, source_id: str, limit: int = 3) -> list[FeatureHit]:
    """Explained features of a source to steer with: those of presets, then written explanations.

    Of the others, those that fire stronger than half of all features are left out: their usual strength breaks
    the text.
    """
    tried = await _tried(model_id, source_id)
    found = await rows(
        """
        WITH usual AS MATERIALIZED (
            SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY u.max_activation) AS most
            FROM sources AS s JOIN features AS u ON u.generation_id = s.current_generation
            WHERE s.model_id = :model AND s.id = :source
        )
        SELECT f.index, l.description, l.type_name, f.density, f.max_activation
        FROM usual CROSS JOIN sources AS s
        JOIN features AS f ON f.generation_id = s.current_generation
        JOIN feature_labels AS l ON l.generation_id = f.generation_id AND l.index = f.index
        LEFT JOIN explanation_types AS t ON t.name = l.type_name
        WHERE s.model_id = :model AND s.id = :source AND (
            f.index = ANY(:tried) OR f.density BETWEEN :rare AND :common AND f.max_activation <= usual.most
        )
        ORDER BY array_position(CAST(:tried AS integer[]), f.index), coalesce(t.rank, 1),
                 f.positive_values[1] DESC NULLS LAST, f.index LIMIT :limit
        """,
        model=model_id,
        source=source_id,
        tried=list(tried),
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
            strength=tried.get(one["index"]),
        )
        for one in found
    ]


async def _tried(model_id: str, source_id: str) -> dict[int, float]:
    """Features of a source that presets steer with alone, in their order, with the strength."""
    alone = [one.features[0] for one in await presets.of_model(model_id) if len(one.features) == 1]
    return {one.index: one.strength for one in alone if one.source == source_id}


async def random_row() -> tuple[str, str, FeatureRow] | None:
    """A feature by chance with its strongest example; None where there is none.

    Raises:
        NotFoundError: there is no feature to choose from.
    """
    model_id, source_id, index = await random_feature()
    found = await feature_rows(model_id, source_id, [index])
    return (model_id, source_id, found[0]) if found else None
