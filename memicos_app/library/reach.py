"""What a request to the worker names, checked: nobody tests, searches or steers with what is private and not theirs.

The worker knows sources by their files and nothing of people; so every request that goes to it passes through here.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel

from memicos_app.db.text import storable, storable_all
from memicos_app.library.accounts.person import person
from memicos_app.library.errors import NotFoundError
from memicos_app.library.query import row, rows
from memicos_app.library.visibility import listed, reachable
from memicos_app.settings import configured, get_settings

_MODELS, _SOURCES = ("model", "model_id"), ("source", "source_id", "target", "selected_sources")


async def check(request: BaseModel) -> None:
    """Raises `NotFoundError`, as of what does not exist, where a request names a model or source out of reach."""
    models, sources, sets = _named(request, _MODELS), _named(request, _SOURCES), _named(request, ("source_set",))
    names = {name for model in models for name in _all_names(model)}
    # A search over a whole set names no source of its own: then all of the set have to be in reach.
    whole_sets = sets if not _named(request, ("selected_sources",)) else set()
    found = await row(
        f"""
        SELECT m.id AS model, s.id AS source
        FROM ONLY models AS m LEFT JOIN ONLY sources AS s ON s.model_id = m.id
            AND (s.id = ANY(:sources) OR s.set_name = ANY(:sets)) AND NOT {reachable("s", "shown")}
        WHERE (m.id = ANY(:names) OR m.tlens_id = ANY(:names)) AND (s.id IS NOT NULL OR NOT {reachable("m")}) LIMIT 1
        """,
        sources=storable_all(sorted(sources)),
        sets=storable_all(sorted(whole_sets)),
        names=storable_all(sorted(names)),
    )
    if found is not None and found["source"] is not None:
        named = min(sources | sets)
        raise NotFoundError(f"There is no source {named!r} here.", field="source_id" if sources else "set_name")
    if found is not None:
        raise NotFoundError(f"There is no model {min(models)!r} here.", field="model_id")


async def listed_of(model_id: str, source_ids: Sequence[str]) -> list[str]:
    """Those of some sources of a model that the person asking sees in lists, in their order."""
    if person().admin or not source_ids:
        return list(source_ids)
    hidden = await rows(
        f"""
        SELECT s.id FROM ONLY sources AS s
        JOIN ONLY source_sets AS t ON t.model_id = s.model_id AND t.name = s.set_name
        WHERE s.model_id = :model AND s.id = ANY(:sources)
            AND NOT ({reachable("s", "shown")} AND {listed("s")} AND {listed("t")})
        """,
        model=storable(model_id),
        sources=storable_all(source_ids),
    )
    unseen = {one["id"] for one in hidden}
    return [one for one in source_ids if one not in unseen]


def _named(request: BaseModel, fields: Sequence[str]) -> set[str]:
    """All texts under some names, anywhere in a request."""
    found: set[str] = set()
    for name, value in request:
        each = value if isinstance(value, list) else [value]
        if name in fields:
            found |= {one for one in each if isinstance(one, str)}
        for one in each:
            if isinstance(one, BaseModel):
                found |= _named(one, fields)
    return found


def _all_names(model: str) -> list[str]:
    """Every name that requests may call a model by."""
    settings = get_settings()
    for each in (settings, *map(configured, settings.inference_models)):
        if model in each.model_names:
            return list(each.model_names)
    return [model]
