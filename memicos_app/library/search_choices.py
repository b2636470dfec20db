"""What a search by explanation can be narrowed to: releases, models, sources, and who explained how."""

from __future__ import annotations

from dataclasses import dataclass

from memicos_app.db.text import original
from memicos_app.library import catalog
from memicos_app.library.errors import NotFoundError
from memicos_app.library.explanation_details import type_names
from memicos_app.library.query import rows

Named = tuple[str, str]
"""A name and how people call it."""


@dataclass(frozen=True, slots=True)
class SearchChoices:
    """What there is to choose from."""

    releases: list[str]
    models: list[Named]
    types: list[Named]
    explainers: list[str]
    sources: dict[str, list[str]]
    """Of one model: its sources with data by set, by layer."""


async def search_choices(model_id: str = "") -> SearchChoices:
    """What there is here; the sources are those of `model_id`, none where it is empty or unknown."""
    explainers = await rows("SELECT name FROM explanation_models ORDER BY name LIMIT 500")
    return SearchChoices(
        releases=[one.name for one in await catalog.releases()],
        models=[(one.id, one.display_name) for one in await catalog.models() if one.n_features],
        types=await type_names(),
        explainers=[original(one["name"]) for one in explainers],
        sources=await _sources(model_id) if model_id else {},
    )


async def _sources(model_id: str) -> dict[str, list[str]]:
    try:
        sets = await catalog.source_sets(model_id)
    except NotFoundError:
        return {}
    ready = {one.name: [source.id for source in one.sources if source.state == "ready"] for one in sets}
    return {name: sources for name, sources in ready.items() if sources}
