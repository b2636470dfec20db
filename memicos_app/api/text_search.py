"""Search by text: the strongest features over the sources of a set, and at each token."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field

from memicos_app.api.answers import Json
from memicos_app.api.inputs import Body, Name, Text
from memicos_app.api.problems import fields_renamed
from memicos_app.api.rights import needs
from memicos_app.api.shapes import SearchAnswer, SearchEachAnswer, TokensAnswer, TokensEachAnswer
from memicos_app.library import features, inference_search
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import NotFoundError
from memicos_app.library.feature_json import feature_json
from memicos_app.library.inference_search import (
    MAX_A_TOKEN,
    MAX_FOUND,
    MAX_TEXTS,
    FoundFeature,
    TextSearch,
    TokenFeature,
    TokenSearch,
)

router = APIRouter(tags=["search by text"], dependencies=[needs(Right.READ)])
Texts = Text | Annotated[list[Text], Field(min_length=1, max_length=MAX_TEXTS)]
Density = Annotated[float, Field(ge=-1, le=1)]
FIELDS = {
    "model_id": "modelId",
    "set_name": "sourceSet",
    "source_ids": "selectedLayers",
    "source_id": "source",
    "sort_by": "sortIndexes",
    "density": "densityThreshold",
    "limit": "numResults",
}
AT_ONCE = 8
"""Features that are read from the database at the same time."""


class SearchAll(Body):
    """As published clients send it; `selectedLayers` are ids of sources."""

    model_id: Name = Field(alias="modelId")
    source_set: Name = Field(alias="sourceSet")
    text: Texts
    selected_layers: list[Name] = Field([], alias="selectedLayers", description="Sources of the set; none: all.")
    sort_indexes: list[int] = Field(
        [], alias="sortIndexes", description="Rank by the sum over these tokens; none: by the largest activation."
    )
    ignore_bos: bool = Field(True, alias="ignoreBos", description="The same either way: BOS never counts.")
    density_threshold: Density = Field(
        -1, alias="densityThreshold", description="Leave out features that fire on a larger share; 0 or less: none."
    )
    num_results: int = Field(50, alias="numResults", ge=1, le=MAX_FOUND)


class SearchTopkByToken(Body):
    model_id: Name = Field(alias="modelId")
    source: Name
    text: Texts
    num_results: int = Field(10, alias="numResults", ge=1, le=MAX_A_TOKEN)
    ignore_bos: bool = Field(True, alias="ignoreBos", description="Leave special tokens out of the results.")
    density_threshold: Density = Field(
        0.01, alias="densityThreshold", description="Leave out features that fire on a larger share; 0 or less: none."
    )


@router.post("/search-all", response_model=SearchAnswer | SearchEachAnswer, dependencies=[needs(Right.RUN)])
async def search_all(body: SearchAll) -> Json:
    """The strongest features of a text, or of each of a list of texts. Nothing is kept."""
    texts = [body.text] if isinstance(body.text, str) else body.text
    with fields_renamed(FIELDS | ({"text.0": "text"} if isinstance(body.text, str) else {})):
        found = await inference_search.search_each(
            body.model_id,
            texts,
            body.source_set,
            source_ids=body.selected_layers,
            sort_by=body.sort_indexes,
            density=max(body.density_threshold, 0.0),
            limit=body.num_results,
        )
    if not isinstance(body.text, str):
        return Json({"results": [search_json(one) for one in found]})
    return Json(search_json(found[0], await neurons(found[0])))


@router.post("/search-topk-by-token", response_model=TokensAnswer | TokensEachAnswer, dependencies=[needs(Right.RUN)])
async def search_topk_by_token(body: SearchTopkByToken) -> Json:
    """The strongest features of a source at each token of a text, or of each of a list of texts."""
    texts = [body.text] if isinstance(body.text, str) else body.text
    with fields_renamed(FIELDS | ({"text.0": "text"} if isinstance(body.text, str) else {})):
        found = await inference_search.top_by_token_each(
            body.model_id,
            body.source,
            texts,
            density=max(body.density_threshold, 0.0),
            limit=body.num_results,
            ignore_bos=body.ignore_bos,
        )
    answers = [tokens_json(one, body.ignore_bos) for one in found]
    return Json(answers[0] if isinstance(body.text, str) else {"results": answers})


async def neurons(found: TextSearch) -> list[dict[str, Any] | None]:
    """Each feature as its own address answers it, with one activation; None where it has no dashboard."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def neuron(one: FoundFeature) -> dict[str, Any] | None:
        async with turn:
            try:
                whole = feature_json(await features.feature(found.model_id, one.source_id, one.index))
            except NotFoundError:
                return None
        return whole | {"activations": whole["activations"][:1]}

    return await asyncio.gather(*(neuron(one) for one in found.features))


def search_json(found: TextSearch, of_features: list[dict[str, Any] | None] | None = None) -> dict[str, Any]:
    """The reference's names; `neuron` stands where features were read and one is there."""
    result = [found_json(found.model_id, one) for one in found.features]
    for one, neuron in zip(result, of_features or [], strict=False):
        one |= {"neuron": neuron} if neuron else {}
    return {
        "tokens": found.tokens,
        "tokensIsSpecial": found.tokens_is_special,
        "prependBos": found.prepend_bos,
        "sources": found.source_ids,
        "result": result,
        "sortIndexes": found.sort_by,
    }


def found_json(model_id: str, one: FoundFeature) -> dict[str, Any]:
    row: dict[str, Any] = {
        "modelId": model_id,
        "layer": one.source_id,
        "source": one.source_id,
        "index": str(one.index),
        "values": one.values,
        "maxValue": one.max_value,
        "maxValueIndex": one.max_value_token_index,
        "sumValues": one.sum_value,
    }
    if one.dfa_values is not None:
        row |= {"dfaValues": one.dfa_values, "dfaTargetIndex": one.dfa_target_index, "dfaMaxValue": one.dfa_max_value}
    return row


def tokens_json(found: TokenSearch, only_ordinary: bool) -> dict[str, Any]:
    return {
        "source": found.source_id,
        "tokens": found.tokens,
        "results": [
            {
                "position": one.position,
                "token": one.token,
                "isSpecial": one.is_special,
                "topFeatures": [top_json(found, top) for top in one.features],
            }
            for one in found.results
            if not (only_ordinary and one.is_special)
        ],
    }


def top_json(found: TokenSearch, top: TokenFeature) -> dict[str, Any]:
    """A feature at a token, with what lists say of it."""
    known = top.facts
    described = [{"description": known.explanation, "typeName": known.explanation_type or None}]
    feature = {
        "modelId": found.model_id,
        "layer": found.source_id,
        "index": str(top.index),
        "maxActApprox": known.max_activation,
        "frac_nonzero": known.density,
        "explanations": described if known.explanation else [],
    }
    return {
        "activationValue": top.value,
        "featureIndex": top.index,
        "feature": feature if known.density is not None else None,
    }
