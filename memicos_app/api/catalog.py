"""Models and source sets over the API: which there are, and new ones that data is uploaded into."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field

from memicos_app.api.answers import Json
from memicos_app.api.catalog_shapes import ModelAnswer, SourceDetailAnswer, SourceSetAnswer
from memicos_app.api.inputs import Body, Name
from memicos_app.api.problems import fields_renamed
from memicos_app.api.rights import needs
from memicos_app.library import catalog, naming, registration
from memicos_app.library.accounts.rights import Right
from memicos_app.library.registration import NewModel, NewSourceSet
from memicos_app.library.views import ModelView, SourceSetView, SourceView

router = APIRouter(tags=["models and sources"], dependencies=[needs(Right.READ)])
MODEL_FIELDS = {"display_name": "displayName", "website": "url"}
SET_FIELDS = {
    "model_id": "modelId",
    "creator_name": "creatorName",
    "website": "url",
    "hook_point": "hookPoint",
}
Layers = Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1, max_length=naming.MOST_LAYERS)]


class Nothing(Body):
    """An empty object, which may be left out."""


class AskedModel(Body):
    id: Name


class AnnouncedModel(Body):
    """From `owner` on the fields are ours."""

    id: Name
    layers: int
    display_name: str = Field("", alias="displayName")
    url: str = ""
    owner: str = ""
    dimension: int | None = Field(None, description="Width of the residual stream.")


class AnnouncedSourceSet(Body):
    """From `type` on the fields are ours."""

    name: Name
    model_id: Name = Field(alias="modelId")
    description: str = Field("", description="Its display name.")
    url: str = ""
    type: str = Field("", description="Its kind in a word or two, such as Residuals.")
    creator_name: str = Field("", alias="creatorName")
    hook_point: str = Field("", alias="hookPoint", description="Such as hook_resid_pre.")
    layers: Layers | None = Field(None, description="Layers that it has a source at; left out: all.")


@router.post("/model/new", response_model=ModelAnswer, dependencies=[needs(Right.WRITE)])
async def new_model(body: AnnouncedModel) -> Json:
    """Put a model into the catalog, to upload features of it; nothing is loaded or run."""
    with fields_renamed(MODEL_FIELDS):
        made = await registration.new_model(
            NewModel(body.id, body.layers, body.display_name, body.owner, body.url, body.dimension)
        )
    return Json(model_json(made))


@router.post("/model/get", response_model=ModelAnswer)
async def get_model(body: AskedModel) -> Json:
    """One model, by its id."""
    with fields_renamed({"model_id": "id"}):
        return Json(model_json(await catalog.model(body.id)))


@router.post("/model/list", response_model=list[ModelAnswer])
async def list_models(_body: Nothing | None = None) -> Json:
    """Every model, by id."""
    return Json([model_json(one) for one in await catalog.models()])


@router.post("/source-set/new", response_model=SourceSetAnswer, dependencies=[needs(Right.WRITE)])
async def new_source_set(body: AnnouncedSourceSet) -> Json:
    """Put a source set into the catalog, and a source for each layer of its model; features go into its sources."""
    with fields_renamed(SET_FIELDS):
        made = await registration.new_source_set(
            NewSourceSet(
                body.model_id,
                body.name,
                body.description,
                body.type,
                body.creator_name,
                body.url,
                body.hook_point,
                body.layers,
            )
        )
    return Json(set_json(made))


@router.get("/source-set/{model_id}/{name}", response_model=SourceSetAnswer)
async def get_source_set(model_id: str, name: str) -> Json:
    """One source set with its sources, in the order of their layers."""
    return Json(set_json(await catalog.source_set(model_id, name)))


@router.get("/source/{model_id}/{source_id}", response_model=SourceDetailAnswer)
async def get_source(model_id: str, source_id: str) -> Json:
    """One source: how its numbers were made, its SAE's configuration, and how its features are distributed."""
    found = await catalog.source(model_id, source_id)
    return Json(
        {
            **source_json(found.source),
            "saelensConfig": found.saelens_config,
            "madeFrom": found.made_from,
            "evaluation": found.source.evaluation,
            "density": asdict(found.density),
            "maxActivation": asdict(found.max_activation),
            "skipped": found.skipped,
        }
    )


def model_json(one: ModelView) -> dict[str, Any]:
    return {
        "id": one.id,
        "displayName": one.display_name,
        "displayNameShort": one.display_name,
        "owner": one.owner,
        "website": one.website or None,
        "layers": one.layers,
        "dimension": one.dimension,
        "instruct": one.instruct,
        "inferenceEnabled": one.inference_enabled,
        "defaultSourceId": one.default_source_id,
        "visibility": one.visibility.upper(),
    }


def set_json(one: SourceSetView) -> dict[str, Any]:
    return {
        "modelId": one.model_id,
        "name": one.name,
        "description": one.description,
        "type": one.type,
        "urls": one.urls,
        "creatorName": one.creator_name,
        "releaseName": one.release_name,
        "defaultRange": one.default_range,
        "defaultShowBreaks": one.default_show_breaks,
        "visibility": one.visibility.upper(),
        "sources": [source_json(source) for source in one.sources],
    }


def source_json(one: SourceView) -> dict[str, Any]:
    return {
        "id": one.id,
        "modelId": one.model_id,
        "setName": one.set_name,
        "layer": one.layer,
        "hookName": one.hook_name or None,
        "hasDashboards": one.n_dashboards > 0,
        "nFeatures": one.n_features,
        "nDashboards": one.n_dashboards,
        "nExplained": one.n_explained,
        "visibility": one.visibility.upper(),
    }
