"""Several features at once, whole or a few examples of each, as published clients ask for them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field

from memicos_app.api.answers import Json, listing
from memicos_app.api.feature_shapes import FeatureAnswer
from memicos_app.api.inputs import Body, Cursor, FeatureAddress, Name
from memicos_app.api.problems import fields_renamed
from memicos_app.api.rights import needs
from memicos_app.library import features
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import NotFoundError
from memicos_app.library.feature_cards import FeatureCard
from memicos_app.library.feature_filters import FeatureFilter
from memicos_app.library.feature_json import feature_json

router = APIRouter(tags=["features"], dependencies=[needs(Right.READ)])
MOST, A_PAGE = 100, 25
FIELDS = {"model_id": "modelId", "source_id": "layer"}


class Wanted(FeatureAddress):
    """A feature, and how many of its examples at most."""

    most: int | None = Field(None, alias="maxActsToReturn", ge=0, le=1000)


class Stretch(Body):
    model_id: Name = Field(alias="modelId")
    layer: Name
    offset: int = Field(0, ge=0, le=2**31 - 1)
    cursor: Cursor | None = Field(None, description="Ours: `Next-Cursor` of the answer before; goes before `offset`.")


@router.post("/features", response_model=list[FeatureAnswer | None])
async def several(body: Annotated[list[Wanted], Field(max_length=MOST)]) -> Json:
    """Up to 100 features, of any sources, in the order asked for; null where there is none."""
    return Json([await _feature(one.model_id, one.source_id, one.index, one.most) for one in body])


@router.post("/features-offset", response_model=list[FeatureAnswer])
async def stretch(body: Stretch) -> Json:
    """The next 25 features of a source that ever fired, in the order of their indices."""
    with fields_renamed(FIELDS):
        page = await features.feature_list(
            body.model_id,
            body.layer,
            offset=body.offset,
            cursor=body.cursor,
            limit=A_PAGE,
            filters=FeatureFilter(live=True),
        )
    found = [await _feature(body.model_id, body.layer, one.index, None) for one in page.rows]
    return listing([one for one in found if one is not None], page.cursor)


async def _feature(model_id: str, source_id: str, index: int, most: int | None) -> dict[str, Any] | None:
    try:
        found = feature_json(await features.feature(model_id, source_id, index))
    except NotFoundError:
        return None
    return {**found, "activations": found["activations"][:most]}


def neuron_json(card: FeatureCard) -> dict[str, Any]:
    """What a small dashboard shows of a feature, under the names of a whole one."""
    said = {"description": card.explanation, "typeName": card.explanation_type or None}
    return {
        "modelId": card.address.model_id,
        "layer": card.address.source_id,
        "index": str(card.address.index),
        "maxActApprox": card.max_activation,
        "frac_nonzero": card.density,
        "neg_str": card.negative_tokens,
        "neg_values": card.negative_values,
        "pos_str": card.positive_tokens,
        "pos_values": card.positive_values,
        "explanations": [said] if card.explanation else [],
        "activations": [
            {
                "tokens": one.tokens,
                "values": one.values,
                "maxValue": one.values[one.peak] if one.values else 0.0,
                "maxValueTokenIndex": one.peak,
            }
            for one in card.examples
        ],
    }
