"""Points of a map found: by the words of what they mean, and the map that some sources have in common."""

from __future__ import annotations

import re
from collections.abc import Sequence

from memicos_app.db.text import storable
from memicos_app.library.errors import BadInputError, NotFoundError
from memicos_app.library.maps.reading import map_view, maps_of
from memicos_app.library.maps.views import MapView
from memicos_app.library.query import rows

MOST_FOUND = 20_000
_MOST_WORDS = 20


async def find(map_id: int, query: str) -> dict[str, list[int]]:
    """Indices of the features whose explanation holds every word of a query, also inside a word, by source.

    Raises:
        BadInputError: an empty query.
        NotFoundError: no such map.
    """
    words = query.split()[:_MOST_WORDS]
    if not words:
        raise BadInputError("The query is empty.", field="query")
    view = await map_view(map_id)
    found = await rows(
        f"""
        SELECT s.id, l.index FROM sources AS s
        JOIN feature_labels AS l ON l.generation_id = s.current_generation
        WHERE s.model_id = :model AND s.id = ANY(:sources) AND l.description ILIKE ALL (CAST(:patterns AS text[]))
        ORDER BY s.layer, s.id, l.index LIMIT {MOST_FOUND}
        """,
        model=view.model_id,
        sources=view.source_ids,
        patterns=[storable("%" + re.sub(r"([\\%_])", r"\\\1", word) + "%") for word in words],
    )
    hits: dict[str, list[int]] = {}
    for one in found:
        hits.setdefault(one["id"], []).append(one["index"])
    return hits


async def common(model_id: str, source_ids: Sequence[str], kind: str = "") -> list[MapView]:
    """Maps to show these sources by: one that holds them all, else one for each.

    Args:
        kind: only maps of this kind; empty: the first there is.

    Raises:
        NotFoundError: a source has no such map.
    """
    wanted = list(dict.fromkeys(source_ids))
    chosen: list[MapView] = []
    for source_id in wanted:
        known = [one for one in await maps_of(model_id, source_id) if kind in ("", one.kind)]
        together = [one for one in known if set(wanted) <= set(one.source_ids)]
        if together:
            return together[:1]
        if not known:
            raise NotFoundError(
                f"There is no map of {model_id}/{source_id} yet: `memicos map {model_id} {source_id}` makes one.",
                field="layers",
            )
        chosen.append(known[0])
    return chosen
