"""One feature as JSON, its vector, and the list of a source's features."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request

from memicos_app.api.answers import Json, attachment
from memicos_app.api.feature_shapes import DirectionAnswer, FeatureAnswer, FeaturesAnswer
from memicos_app.api.inputs import CURSOR_QUERY, MAX_INDEX
from memicos_app.api.lists import comment_json, list_json
from memicos_app.api.rights import needs
from memicos_app.library import comments, features
from memicos_app.library.accounts.rights import Right
from memicos_app.library.feature_json import feature_json
from memicos_app.library.lists import reading
from memicos_app.library.quick_lists import FeatureAddress as Address
from memicos_app.library.views import FeatureSort

router = APIRouter(tags=["features"], dependencies=[needs(Right.READ)])
Index = Annotated[int, Path(ge=0, le=MAX_INDEX)]
Download = Annotated[bool, Query(description="Answer as a file to keep.")]


@router.get("/feature/{model_id}/{source_id}/{index}", response_model=FeatureAnswer)
async def feature(model_id: str, source_id: str, index: Index, request: Request, download: Download = False) -> Json:
    """Everything known of one feature: logits, histograms, activations, explanations."""
    content = feature_json(await features.feature(model_id, source_id, index))
    if download:
        return attachment(content, f"{model_id}_{source_id}_{index}.json")
    where = Address(model_id, source_id, index)
    lists, said = await reading.holding(where), await comments.of_feature(where)
    return Json(
        {
            **content,
            "lists": [list_json(one, request) for one in lists],
            "comments": [comment_json(one) for one in said],
        }
    )


@router.get("/feature/{model_id}/{source_id}/{index}/vector", response_model=DirectionAnswer)
async def vector(model_id: str, source_id: str, index: Index, download: Download = False) -> Json:
    """The direction that steering with this feature adds at the source's hook point."""
    found = await features.vector(model_id, source_id, index)
    content = {
        "modelId": model_id,
        "source": source_id,
        "index": str(index),
        "hookName": found.hook_name,
        "norm": found.norm,
        "vector": found.vector,
    }
    return attachment(content, f"{model_id}_{source_id}_{index}_vector.json") if download else Json(content)


@router.get("/features/{model_id}/{source_id}", response_model=FeaturesAnswer)
async def feature_list(
    model_id: str,
    source_id: str,
    offset: Annotated[int, Query(ge=0, le=MAX_INDEX)] = 0,
    cursor: Annotated[str, CURSOR_QUERY] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    sort: FeatureSort = "index",
    descending: bool = False,
    query: Annotated[str, Query(max_length=200)] = "",
) -> Json:
    """Part of a source's features as the list on its page shows them, and how many there are.

    A cursor goes before an offset.
    """
    found = await features.feature_list(
        model_id, source_id, sort=sort, descending=descending, offset=offset, cursor=cursor, limit=limit, query=query
    )
    rows = [asdict(one) for one in found.rows]
    return Json({"total": found.total, "offset": found.offset, "rows": rows, "nextCursor": found.cursor})
