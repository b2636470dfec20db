"""Maps: which there are, their points as JSON and as bytes, what points mean, and asking for a new one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import Field
from starlette.responses import Response

from memicos_app.api.answers import Json
from memicos_app.api.inputs import MAX_INDEX, Body, Name
from memicos_app.api.jobs import job_json
from memicos_app.api.problems import fields_renamed
from memicos_app.api.rights import needs
from memicos_app.api.shapes import files
from memicos_app.api.work_shapes import JobAnswer, MapsAnswer, PointAnswer
from memicos_app.library import catalog
from memicos_app.library.accounts.rights import Right
from memicos_app.library.indices import indices_of
from memicos_app.library.maps import finding, making, reading
from memicos_app.library.maps.views import Kind, MapView

router = APIRouter(tags=["maps"], dependencies=[needs(Right.READ)])
MapId = Annotated[int, Path(ge=1, le=MAX_INDEX, description="Number of the map.")]
Layers = Annotated[list[Name], Field(min_length=1, max_length=making.MOST_SOURCES)]


class Umap(Body):
    """As published clients send it; `layers` are ids of sources."""

    model_id: Name = Field(alias="modelId")
    layers: Layers
    by: Kind | None = Field(None, description="Only coordinates of this kind; left open: the first there are.")


class NewMap(Body):
    model_id: Name = Field(alias="modelId")
    layers: Layers = Field(description="Ids of sources; several make one map together.")
    by: Literal["explanations", "decoder"] = Field("explanations", description="What decides who is near whom.")


@router.post("/umap", response_model=dict[str, list[PointAnswer]])
async def umap(body: Umap) -> Json:
    """Every feature of some sources with its place on a map, its cluster and its explanation, by source.

    Sources that were laid out together come from that map; otherwise each has coordinates of its own.
    """
    points: dict[str, list[Mapping[str, Any]]] = {}
    with fields_renamed({"model_id": "modelId"}):
        for one in await finding.common(body.model_id, body.layers, body.by or ""):
            points |= await reading.rows_of(one.id)
    return Json({source_id: points[source_id] for source_id in body.layers})


@router.get("/maps/{model_id}/{source_id}", response_model=MapsAnswer)
async def maps(model_id: str, source_id: str) -> Json:
    """The maps that hold a source, without their points: those of it alone first."""
    await catalog.source(model_id, source_id)
    return Json({"maps": [map_json(one) for one in await reading.maps_of(model_id, source_id)]})


@router.get("/map/{map_id}/points", response_class=Response, responses=files("application/octet-stream"))
async def points(map_id: MapId) -> Response:
    """All points of a map as arrays of bytes, for a browser.

    The length of a JSON head as uint32, the head, then for each of its layers: uint32 index, float32 x, y, density
    and score (NaN where there is none), int16 cluster (-1: none), filled up to 4 bytes; little-endian.
    """
    return Response(await reading.points(map_id), media_type="application/octet-stream")


@router.get("/map/{map_id}/words/{source_id}", response_model=dict[str, str])
async def words(
    map_id: MapId,
    source_id: str,
    indices: Annotated[str, Query(max_length=6000, description="Indices and ranges, such as 0-9,12.")],
) -> Json:
    """What some features of a map mean, by index; those without an explanation are left out."""
    found = await reading.words(map_id, source_id, indices_of(indices, field="indices"))
    return Json({str(index): text for index, text in found.items()})


@router.get("/map/{map_id}/find", response_model=dict[str, list[int]])
async def find(map_id: MapId, query: Annotated[str, Query(min_length=1, max_length=200)]) -> Json:
    """Indices of the features whose explanation holds every word of the query, by source."""
    return Json(await finding.find(map_id, query))


@router.post("/map/new", response_model=JobAnswer, dependencies=[needs(Right.MANAGE)])
async def new(body: NewMap) -> Json:
    """Have a map made, for the owner; the job that makes it."""
    with fields_renamed({"model_id": "modelId", "sources": "layers"}):
        return Json(job_json(await making.ask(body.model_id, body.layers, body.by)))


def map_json(one: MapView) -> dict[str, Any]:
    return {
        "id": one.id,
        "modelId": one.model_id,
        "by": one.kind,
        "layers": [{"source": each.source_id, "n": each.n} for each in one.layers],
        "clusters": [asdict(each) for each in one.clusters],
        "made": one.made,
        "createdAt": one.created_at,
    }
