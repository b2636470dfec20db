"""A feature on texts of the caller's, token by token."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import AliasChoices, Field

from memicos_app.api.answers import Json
from memicos_app.api.inputs import Body, FeatureAddress, Text
from memicos_app.api.problems import fields_renamed
from memicos_app.library import activations
from memicos_app.library.activations import MAX_TEXTS, ActivationTest

router = APIRouter(prefix="/activation", tags=["activations"])
FIELDS = {"text": "customText", "model_id": "feature.modelId", "source_id": "feature.layer", "index": "feature.index"}


class NewActivation(Body):
    """`neuron` is an older name of `feature` in published clients."""

    feature: FeatureAddress = Field(validation_alias=AliasChoices("feature", "neuron"))
    texts: Text | Annotated[list[Text], Field(min_length=1, max_length=MAX_TEXTS)] = Field(alias="customText")
    ignore_bos: bool = Field(
        True, alias="ignoreBos", description="Leave a BOS that was put before the text out of the answer."
    )


@router.post("/new")
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
    }
