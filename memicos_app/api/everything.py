"""Everything there is to choose from, in one answer: what published clients ask for first."""

from __future__ import annotations

from fastapi import APIRouter

from memicos_app.api.answers import Json
from memicos_app.api.catalog import model_json, set_json
from memicos_app.api.catalog_shapes import EverythingAnswer
from memicos_app.api.rights import needs
from memicos_app.library import catalog
from memicos_app.library.accounts.rights import Right
from memicos_app.library.autointerp.scorers import SCORERS
from memicos_app.library.search_choices import search_choices
from memicos_app.library.views import SourceSetView

router = APIRouter(tags=["models and sources"], dependencies=[needs(Right.READ)])


@router.post("/global", response_model=EverythingAnswer)
async def everything() -> Json:
    """Every model with its source sets and their sources, releases, and ways of explaining and scoring."""
    models = await catalog.models()
    sets = {one.id: await catalog.source_sets(one.id) for one in models}
    choices = await search_choices()
    return Json(
        {
            "models": {
                one.id: {**model_json(one), "sourceSets": list(map(set_json, sets[one.id]))} for one in models
            },
            "releases": [
                {
                    "name": one.name,
                    "description": one.description,
                    "creatorName": one.creator_name,
                    "urls": one.urls,
                    "sourceSets": list(map(set_json, _of_release(one.name, sets))),
                }
                for one in await catalog.releases()
            ],
            "explanationTypes": [{"name": name, "displayName": said} for name, said in choices.types],
            "explanationModels": [{"name": name} for name in choices.explainers],
            "explanationScoreTypes": [{"name": name} for name in SCORERS],
            "explanationScoreModelTypes": [{"name": name} for name in choices.explainers],
        }
    )


def _of_release(name: str, sets: dict[str, list[SourceSetView]]) -> list[SourceSetView]:
    return [one for each in sets.values() for one in each if one.release_name == name]
