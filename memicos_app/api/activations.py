"""Features on texts of the caller's, token by token, and the examples that are stored of one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import AliasChoices, Field

from memicos_app.api.answers import Json
from memicos_app.api.feature_shapes import StoredActivation
from memicos_app.api.inputs import Body, FeatureAddress, Index, Name, Text
from memicos_app.api.problems import fields_renamed
from memicos_app.api.rights import needs
from memicos_app.api.shapes import ActivationAnswer, ActiveOnTextsAnswer
from memicos_app.library import activations, features, inference_search
from memicos_app.library.accounts.rights import Right
from memicos_app.library.activations import MAX_TEXTS, ActivationTest
from memicos_app.library.feature_json import feature_json

router = APIRouter(prefix="/activation", tags=["activations"], dependencies=[needs(Right.READ)])
FIELDS = {"text": "customText", "model_id": "feature.modelId", "source_id": "feature.layer", "index": "feature.index"}


class NewActivation(Body):
    """`neuron` is an older name of `feature` in published clients."""

    feature: FeatureAddress = Field(validation_alias=AliasChoices("feature", "neuron"))
    texts: Text | Annotated[list[Text], Field(min_length=1, max_length=MAX_TEXTS)] = Field(alias="customText")
    ignore_bos: bool = Field(
        True, alias="ignoreBos", description="Leave a BOS that was put before the text out of the answer."
    )


@router.post("/new", response_model=ActivationAnswer | list[ActivationAnswer], dependencies=[needs(Right.RUN)])
async def new(body: NewActivation) -> Json:
    """Activations on one text, or on each of a list of texts; nothing is kept."""
    texts = [body.texts] if isinstance(body.texts, str) else body.texts
    where = body.feature
    with fields_renamed(FIELDS):
        found = await activations.test_each(
            where.model_id, where.source_id, where.index, texts, ignore_bos=body.ignore_bos
        )
    answers = [activation_json(one) for one in found]
    return Json(answers[0] if isinstance(body.texts, str) else answers)


class ActiveOnTexts(Body):
    model_id: Name = Field(alias="modelId")
    source: Name
    texts: Text | Annotated[list[Text], Field(min_length=1, max_length=inference_search.MAX_TEXTS)] = Field(
        alias="customText"
    )


@router.post("/source", response_model=ActiveOnTextsAnswer, dependencies=[needs(Right.RUN)])
async def of_source(body: ActiveOnTexts) -> Json:
    """Every feature of a source that is active on each of the texts, with the places and values."""
    texts = [body.texts] if isinstance(body.texts, str) else body.texts
    names = {"text": "customText", "model_id": "modelId", "source_id": "source"}
    with fields_renamed(names | ({"text.0": "customText"} if isinstance(body.texts, str) else {})):
        found = await inference_search.active_features(body.model_id, body.source, texts)
    return Json({"results": [{"tokens": one.tokens, "activeFeatures": one.active_features} for one in found]})


class StoredActivations(Body):
    model_id: Name = Field(alias="modelId")
    source_id: Name = Field(validation_alias=AliasChoices("source", "layer"))
    index: Index


@router.post("/get", response_model=list[StoredActivation])
async def stored(body: StoredActivations) -> Json:
    """The stored examples of a feature, the strongest first."""
    with fields_renamed({"model_id": "modelId", "source_id": "source"}):
        view = await features.feature(body.model_id, body.source_id, body.index)
    return Json(feature_json(view)["activations"])


def activation_json(one: ActivationTest) -> dict[str, Any]:
    """The reference's names, and how the numbers were made."""
    return {
        "tokens": one.tokens,
        "values": one.values,
        "maxValue": one.max_value,
        "minValue": one.min_value,
        "maxValueTokenIndex": one.max_value_token_index,
        "modelId": one.model_id,
        "layer": one.source_id,
        "source": one.source_id,
        "index": str(one.index),
        "creatorId": None,
        "dataIndex": None,
        "dataSource": "MemicOS",
        "createdAt": datetime.now(UTC).isoformat(),
        "tokenIds": one.token_ids,
        "tokensIsSpecial": one.tokens_is_special,
        "prependBos": one.prepend_bos,
        "hookName": one.hook_name,
        "dtype": one.dtype,
        **attribution_json(one),
    }


def attribution_json(one: ActivationTest) -> dict[str, Any]:
    """Of features of attention heads' outputs only."""
    if one.dfa_values is None:
        return {}
    return {"dfaValues": one.dfa_values, "dfaTargetIndex": one.dfa_target_index, "dfaMaxValue": one.dfa_max_value}
