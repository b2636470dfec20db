"""Which features are here to be named: what lists, bookmarks and comments may point at."""

from __future__ import annotations

from collections.abc import Sequence

from memicos_app.db.text import storable, storable_all
from memicos_app.library import visibility
from memicos_app.library.errors import NotFoundError
from memicos_app.library.query import rows
from memicos_app.library.quick_lists import FeatureAddress


async def known(wanted: Sequence[FeatureAddress]) -> set[FeatureAddress]:
    """Those of `wanted` that the person asking can open: features of a source, and vectors."""
    if not wanted:
        return set()
    found = await rows(
        _KNOWN,
        models=storable_all(one.model_id for one in wanted),
        sources=storable_all(one.source_id for one in wanted),
        indices=[one.index for one in wanted],
    )
    here = {(one["model_id"], one["source_id"], one["index"]) for one in found}
    return {one for one in wanted if (storable(one.model_id), storable(one.source_id), one.index) in here}


async def require(*wanted: FeatureAddress) -> None:
    """Raises `NotFoundError`, which names the first feature that is not here."""
    here = await known(wanted)
    for one in wanted:
        if one not in here:
            raise NotFoundError(f"There is no feature {one}.", field="index")


_KNOWN = f"""
    SELECT w.model_id, w.source_id, w.index
    FROM unnest(CAST(:models AS text[]), CAST(:sources AS text[]), CAST(:indices AS integer[]))
        AS w (model_id, source_id, index)
    WHERE EXISTS (
        SELECT FROM sources AS s JOIN features AS f ON f.generation_id = s.current_generation AND f.index = w.index
        WHERE s.model_id = w.model_id AND s.id = w.source_id AND {visibility.reachable("s")}
    ) OR EXISTS (
        SELECT FROM steer_vectors AS v
        WHERE v.model_id = w.model_id AND v.source_id = w.source_id AND v.index = w.index
            AND {visibility.reachable("v")}
    )
"""
