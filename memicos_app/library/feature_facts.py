"""What lists of found features say of each: what it means, how often it fires; and which fire too often."""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from memicos_app.db.text import original
from memicos_app.library.errors import BadInputError
from memicos_app.library.query import rows


@dataclass(frozen=True, slots=True)
class FeatureFacts:
    """What is stored of a feature; nothing of one without a dashboard."""

    explanation: str = ""
    explanation_type: str = ""
    density: float | None = None
    max_activation: float | None = None


UNKNOWN = FeatureFacts()


async def facts(model_id: str, found: Iterable[tuple[str, int]]) -> dict[tuple[str, int], FeatureFacts]:
    """Facts by source and index, of those features that have a dashboard."""
    wanted = sorted(set(found))
    if not wanted:
        return {}
    stored = await rows(
        """
        SELECT s.id, f.index, f.density, f.max_activation, coalesce(l.description, '') AS description,
               coalesce(l.type_name, '') AS type_name
        FROM unnest(CAST(:sources AS text[]), CAST(:indices AS integer[])) AS w (source_id, index)
        JOIN sources AS s ON s.model_id = :model AND s.id = w.source_id
        JOIN features AS f ON f.generation_id = s.current_generation AND f.index = w.index
        LEFT JOIN feature_labels AS l ON l.generation_id = f.generation_id AND l.index = f.index
        """,
        model=model_id,
        sources=[source for source, _ in wanted],
        indices=[index for _, index in wanted],
    )
    return {
        (one["id"], one["index"]): FeatureFacts(
            original(one["description"]), original(one["type_name"]), one["density"], one["max_activation"]
        )
        for one in stored
    }


async def too_dense(model_id: str, source_ids: Collection[str], density: float) -> dict[str, list[int]]:
    """Features that a search leaves out: as `dense_features`, and none at 0, where dense ones are wanted.

    Raises:
        BadInputError: no share of tokens.
    """
    if not 0 <= density <= 1:
        raise BadInputError("A density is a share of tokens, from 0 to 1.", field="density")
    return await dense_features(model_id, source_ids, density) if density else {}


async def dense_features(model_id: str, source_ids: Collection[str], threshold: float) -> dict[str, list[int]]:
    """Features by source that fire on a larger share of tokens than `threshold`; those of unknown density stay."""
    found = await rows(
        """
        SELECT s.id, f.index FROM sources AS s JOIN features AS f ON f.generation_id = s.current_generation
        WHERE s.model_id = :model AND s.id = ANY(:sources) AND f.density > CAST(:threshold AS float8) ORDER BY f.index
        """,
        model=model_id,
        sources=list(source_ids),
        threshold=_as_stored(threshold),
    )
    dense: dict[str, list[int]] = defaultdict(list)
    for one in found:
        dense[one["id"]].append(one["index"])
    return dict(dense)


def _as_stored(density: float) -> float:
    """The 32-bit float nearest to a share of 1, in which densities are stored; one too small for that is 0."""
    return float(struct.unpack("f", struct.pack("f", density))[0])


async def with_dashboards(model_id: str) -> set[str]:
    """Sources of a model whose features can be looked at here."""
    found = await rows(
        "SELECT id FROM sources WHERE model_id = :model AND current_generation IS NOT NULL", model=model_id
    )
    return {one["id"] for one in found}
