"""Search by explanation as published clients ask for it: four scopes, results counted from an offset."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field

from memicos_app.api.answers import Json
from memicos_app.api.explanation_shapes import ExplanationsFoundAnswer
from memicos_app.api.inputs import MAX_INDEX, Body, Cursor, Name
from memicos_app.api.problems import fields_renamed
from memicos_app.api.rights import needs
from memicos_app.library import explanation_search, features
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import NotFoundError
from memicos_app.library.explanation_search import LONGEST_QUERY, Found, Scope
from memicos_app.library.feature_json import feature_json

router = APIRouter(prefix="/explanation", tags=["search by explanation"], dependencies=[needs(Right.READ)])
PER_PAGE = 20
ACTIVATIONS = 3
FIELDS = {"model_id": "modelId", "source_ids": "layers", "release": "releaseName"}
AT_ONCE = 8
"""Features that are read from the database at the same time."""


class SearchEverything(Body):
    """What to look for, and how many results to pass over."""

    query: Annotated[str, Field(min_length=3, max_length=LONGEST_QUERY)]
    offset: int = Field(0, ge=0, le=MAX_INDEX)
    cursor: Cursor | None = Field(None, description="Ours: `nextCursor` of the answer before; goes before `offset`.")


class SearchModel(SearchEverything):
    model_id: Name = Field(alias="modelId")


class SearchSources(SearchModel):
    """`layers` are ids of sources."""

    layers: Annotated[list[Name], Field(min_length=1, max_length=1000)]


class SearchRelease(SearchEverything):
    release_name: Name = Field(alias="releaseName")


@router.post("/search", response_model=ExplanationsFoundAnswer, dependencies=[needs(Right.RUN)])
async def search(body: SearchSources) -> Json:
    """Features of sources by what they mean, the best 20 from the offset on."""
    return await _answer(body, Scope("sources", model_id=body.model_id, source_ids=tuple(body.layers)))


@router.post("/search-model", response_model=ExplanationsFoundAnswer, dependencies=[needs(Right.RUN)])
async def search_model(body: SearchModel) -> Json:
    """Features of a model by what they mean."""
    return await _answer(body, Scope("model", model_id=body.model_id))


@router.post("/search-release", response_model=ExplanationsFoundAnswer, dependencies=[needs(Right.RUN)])
async def search_release(body: SearchRelease) -> Json:
    """Features of a release by what they mean."""
    return await _answer(body, Scope("release", release=body.release_name))


@router.post("/search-all", response_model=ExplanationsFoundAnswer, dependencies=[needs(Right.RUN)])
async def search_all(body: SearchEverything) -> Json:
    """Features of everything here by what they mean."""
    return await _answer(body, Scope("all"))


async def _answer(body: SearchEverything, scope: Scope) -> Json:
    with fields_renamed(FIELDS):
        found, cursor, more = await _found(body, scope)
    results = await results_json(found)
    return Json(
        {
            "request": body.model_dump(by_alias=True, exclude_none=True),
            "results": results,
            "resultsCount": len(results),
            "hasMore": more,
            "nextOffset": found[-1].rank if found else body.offset,
            "nextCursor": cursor,
        }
    )


async def _found(body: SearchEverything, scope: Scope) -> tuple[list[Found], str | None, bool]:
    """Results, the cursor to those that follow, and whether any do; who counts from the middle has no cursor."""
    if body.offset and not body.cursor:
        found, more = await explanation_search.search_at(body.query, body.offset, scope=scope, limit=PER_PAGE)
        return found, None, more
    page = await explanation_search.search(body.query, scope=scope, cursor=body.cursor, limit=PER_PAGE)
    return page.results, page.cursor, page.cursor is not None


async def results_json(found: Sequence[Found]) -> list[dict[str, Any]]:
    """What was found, each feature with a few activations."""
    turn = asyncio.Semaphore(AT_ONCE)
    return list(await asyncio.gather(*(_result(one, turn) for one in found)))


async def _result(one: Found, turn: asyncio.Semaphore) -> dict[str, Any]:
    """A feature by its best explanation, and itself with a few activations."""
    best = one.explanations[0]
    async with turn:
        try:
            whole = feature_json(await features.feature(one.model_id, one.source_id, one.index))
        except NotFoundError:  # It went this moment.
            whole = None
    return {
        "modelId": one.model_id,
        "layer": one.source_id,
        "index": str(one.index),
        "description": best.description,
        "explanationModelName": best.explainer,
        "typeName": best.type_name or None,
        "cosine_similarity": best.similarity,
        "neuron": whole | {"activations": whole["activations"][:ACTIVATIONS]} if whole else None,
    }
