"""Vectors of people's own over the API: keep one, read one, list them, delete one."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request
from pydantic import AliasChoices, Field

from memicos_app.api.answers import Json
from memicos_app.api.inputs import Body, FeatureAddress, Name, Part
from memicos_app.api.problems import fields_renamed
from memicos_app.api.rights import needs
from memicos_app.api.shapes import MessageAnswer, NewVectorAnswer, OneVectorAnswer, VectorsAnswer
from memicos_app.api.site import site_of
from memicos_app.library import vectors
from memicos_app.library.accounts.rights import Right
from memicos_app.library.vectors import Vector

router = APIRouter(prefix="/vector", tags=["vectors"], dependencies=[needs(Right.READ)])
FIELDS = {
    "model_id": "modelId",
    "source_id": "source",
    "layer": "layerNumber",
    "hook_type": "hookType",
    "values": "vector",
    "label": "vectorLabel",
    "default_strength": "vectorDefaultSteerStrength",
}
LONGEST = 24_576


class NewVector(Body):
    """A vector and the hook point it is added at; its length is the model's dimension."""

    model_id: Name = Field(alias="modelId")
    layer: int = Field(alias="layerNumber", ge=0)
    hook_type: Name = Field(alias="hookType")
    values: Annotated[list[float], Field(min_length=1, max_length=LONGEST)] = Field(alias="vector")
    label: Name = Field(validation_alias=AliasChoices("vectorLabel", "label"))
    default_strength: float = Field(10.0, alias="vectorDefaultSteerStrength")


class Owned(Part):
    """A model narrows the list."""

    model_id: Name | None = Field(None, alias="modelId")


@router.post("/new", response_model=NewVectorAnswer, dependencies=[needs(Right.WRITE)])
async def new(body: NewVector, request: Request) -> Json:
    """Keep a vector; its address steers like a feature's."""
    with fields_renamed(FIELDS):
        kept = await vectors.create(
            body.model_id,
            body.layer,
            body.hook_type,
            body.values,
            label=body.label,
            default_strength=body.default_strength,
        )
    return Json({"message": "Success", "url": steer_url(kept, site_of(request)), "vector": new_json(kept)})


@router.post("/get", response_model=OneVectorAnswer)
async def get(body: FeatureAddress) -> Json:
    """A vector, or the decoder direction of a feature."""
    with fields_renamed(FIELDS):
        return Json({"vector": vector_json(await vectors.get(body.model_id, body.source_id, body.index))})


@router.post("/list-owned", response_model=VectorsAnswer)
async def list_owned(body: Owned | None = None) -> Json:
    """One's own vectors, the newest first, up to 500 at once."""
    asked = body or Owned()
    found = await vectors.page_of_owned(asked.model_id, cursor=asked.cursor, limit=asked.limit or vectors.MOST_LISTED)
    return Json({"vectors": list(map(vector_json, found.items)), "nextCursor": found.cursor})


@router.post("/delete", response_model=MessageAnswer, dependencies=[needs(Right.WRITE)])
async def delete(body: FeatureAddress) -> Json:
    """Remove a vector; runs that were kept hold their own copy."""
    with fields_renamed(FIELDS):
        await vectors.delete(body.model_id, body.source_id, body.index)
    return Json({"message": "Success"})


def steer_url(one: Vector, site: str) -> str:
    """The steer page with this vector."""
    query = urlencode({"source": one.source_id, "index": one.index, "strength": f"{one.default_strength:g}"})
    return f"{site}/{quote(one.model_id, safe='')}/steer?{query}"


def new_json(one: Vector) -> dict[str, Any]:
    """As `/vector/new` answers."""
    return {
        "modelId": one.model_id,
        "source": one.source_id,
        "index": str(one.index),
        "label": one.label,
        "createdAt": one.created_at and one.created_at.isoformat(),
        "defaultSteerStrength": one.default_strength,
        "hookName": one.hook_name,
        "values": one.values,
    }


def vector_json(one: Vector) -> dict[str, Any]:
    """As every other address answers."""
    return {
        "modelId": one.model_id,
        "layer": one.source_id,
        "source": one.source_id,
        "index": str(one.index),
        "vectorLabel": one.label,
        "createdAt": one.created_at and one.created_at.isoformat(),
        "creatorId": one.creator_id,
        "vectorDefaultSteerStrength": one.default_strength,
        "hookName": one.hook_name,
        "vector": one.values,
    }
