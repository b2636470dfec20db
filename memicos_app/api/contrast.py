"""Contrastive search: the features that tell two sets of texts apart."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field

from memicos_app.api.answers import Json
from memicos_app.api.inputs import Body, Name, Text
from memicos_app.api.problems import fields_renamed
from memicos_app.api.rights import needs
from memicos_app.api.shapes import ContrastAnswer
from memicos_app.api.text_search import FIELDS, Density
from memicos_app.library import contrast
from memicos_app.library.accounts.rights import Right
from memicos_app.library.contrast import (
    MAX_A_SIDE,
    MAX_SIDE,
    Contrast,
    ContrastFeature,
    ContrastText,
    Measure,
    OnText,
)

router = APIRouter(tags=["search by text"], dependencies=[needs(Right.READ)])
Side = Text | Annotated[list[Text], Field(min_length=1, max_length=MAX_SIDE)]


class SearchContrast(Body):
    """Two sides of one to eight texts each; `selectedLayers` are ids of sources."""

    model_id: Name = Field(alias="modelId")
    source_set: Name = Field(alias="sourceSet")
    first: Side
    second: Side
    selected_layers: list[Name] = Field([], alias="selectedLayers", description="Sources of the set; none: all.")
    measure: Measure = Field(
        "peak",
        description="A feature on a text: its largest activation, its mean, or the share of tokens it fires on.",
    )
    density_threshold: Density = Field(
        -1, alias="densityThreshold", description="Leave out features that fire on a larger share; 0 or less: none."
    )
    num_results: int = Field(25, alias="numResults", ge=1, le=MAX_A_SIDE, description="Of each side.")


@router.post("/search-contrast", response_model=ContrastAnswer, dependencies=[needs(Right.RUN)])
async def search_contrast(body: SearchContrast) -> Json:
    """The features that tell two sets of texts apart, those of each side. Nothing is kept."""
    single = {f"{name}.0": name for name in ("first", "second") if isinstance(getattr(body, name), str)}
    with fields_renamed(FIELDS | single):
        found = await contrast.contrast(
            body.model_id,
            body.source_set,
            texts(body.first),
            texts(body.second),
            source_ids=body.selected_layers,
            measure=body.measure,
            density=max(body.density_threshold, 0.0),
            limit=body.num_results,
        )
    return Json(contrast_json(found))


def texts(side: str | list[str]) -> list[str]:
    return [side] if isinstance(side, str) else side


def contrast_json(found: Contrast) -> dict[str, Any]:
    return {
        "modelId": found.model_id,
        "measure": found.measure,
        "sources": found.source_ids,
        "typical": found.typical,
        "first": [feature_json(found.model_id, one) for one in found.first],
        "second": [feature_json(found.model_id, one) for one in found.second],
        "firstTexts": [text_json(one) for one in found.first_texts],
        "secondTexts": [text_json(one) for one in found.second_texts],
    }


def feature_json(model_id: str, one: ContrastFeature) -> dict[str, Any]:
    known = one.facts
    return {
        "modelId": model_id,
        "layer": one.source_id,
        "source": one.source_id,
        "index": str(one.index),
        "separation": one.separation,
        "firstMean": one.first_mean,
        "secondMean": one.second_mean,
        "spread": one.spread,
        "onFirst": on_json(one.on_first),
        "onSecond": on_json(one.on_second),
        "explanation": known.explanation or None,
        "maxActApprox": known.max_activation,
        "frac_nonzero": known.density,
    }


def on_json(each: Iterable[OnText]) -> list[dict[str, Any]]:
    return [{"value": one.value, "active": one.active} for one in each]


def text_json(one: ContrastText) -> dict[str, Any]:
    return {"tokens": one.tokens, "tokensIsSpecial": one.tokens_is_special, "prependBos": one.prepend_bos}
