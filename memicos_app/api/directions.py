"""What the worker's SAEs hold, compared: features alike, tokens alike; and a text as the model reads it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field

from memicos_app.api.answers import Json
from memicos_app.api.inputs import Body, Index, Name
from memicos_app.api.problems import fields_renamed
from memicos_app.api.rights import needs
from memicos_app.api.shapes import CossimAnswer, SimilarFeaturesAnswer, SimilarityMatrixAnswer, TokenizeAnswer
from memicos_app.library import directions, similar_elsewhere
from memicos_app.library.accounts.rights import Right
from memicos_app.library.directions import Alike
from memicos_app.library.errors import BadInputError
from memicos_app.library.similar_elsewhere import MOST_SOURCES

router = APIRouter(tags=["directions"], dependencies=[needs(Right.READ)])


class Cossim(Body):
    model_id: Name = Field(alias="modelId")
    source: Name
    index: Index
    target_model_id: Name | None = Field(None, alias="targetModelId", description="The same model.")
    target_source_id: Name = Field(alias="targetSourceId", description="Whose features are compared.")
    num_results: int = Field(10, alias="numResults", ge=1, le=100)


class SimilarFeatures(Body):
    model_id: Name = Field(alias="modelId")
    source: Name
    index: Index
    target_source_ids: Annotated[list[Name], Field(min_length=1, max_length=MOST_SOURCES)] | None = Field(
        None, alias="targetSourceIds", description="Left out: all other sources of the model that are served."
    )
    num_results: int = Field(10, alias="numResults", ge=1, le=100)


class SimilarityMatrix(Body):
    model_id: Name = Field(alias="modelId")
    source_id: Name = Field(alias="sourceId")
    text: Annotated[str, Field(min_length=1, max_length=700)]


class Tokenize(Body):
    model_id: Name = Field(alias="modelId")
    prompt: Annotated[str, Field(min_length=1, max_length=10_000)]
    prepend_bos: bool | None = Field(None, alias="prependBos", description="Left open: as the model expects it.")


@router.post("/cossim", response_model=CossimAnswer, dependencies=[needs(Right.RUN)])
async def cossim(body: Cossim) -> Json:
    """The features of a source whose decoder directions are most like that of a feature, of any source."""
    if body.target_model_id not in (None, body.model_id):
        raise BadInputError("Directions of different models cannot be compared.", field="targetModelId")
    names = {
        "model_id": "modelId",
        "source_id": "source",
        "target_source_id": "targetSourceId",
        "limit": "numResults",
    }
    with fields_renamed(names):
        found = await directions.alike(
            body.model_id, body.source, body.index, body.target_source_id, limit=body.num_results
        )
    return Json(
        {
            "modelId": body.model_id,
            "source": body.target_source_id,
            "topkCossimIndices": [one.index for one in found],
            "topkCossimValues": [one.cosine for one in found],
            "topkDecoderCossimFeatures": [alike_json(body.model_id, one) for one in found],
        }
    )


@router.post("/similar-features", response_model=SimilarFeaturesAnswer, dependencies=[needs(Right.RUN)])
async def similar_features(body: SimilarFeatures) -> Json:
    """The features of other sources whose decoder directions are most like that of a feature, over all of them."""
    with fields_renamed({"model_id": "modelId", "source_id": "source", "targets": "targetSourceIds"}):
        found, left_out = await similar_elsewhere.ranked(
            body.model_id, body.source, body.index, body.target_source_ids, limit=body.num_results
        )
    return Json(
        {
            "results": [alike_json(body.model_id, one) for one in found],
            "skipped": [{"source": one.source_id, "reason": one.problem} for one in left_out],
        }
    )


@router.post("/similarity-matrix-pred", response_model=SimilarityMatrixAnswer, dependencies=[needs(Right.RUN)])
async def similarity_matrix_pred(body: SimilarityMatrix) -> Json:
    """How alike a text's tokens are in what a temporal SAE predicts from their context; other SAEs are refused."""
    with fields_renamed({"model_id": "modelId", "source_id": "sourceId"}):
        found = await directions.similarity_matrix(body.model_id, body.source_id, body.text)
    return Json({"tokens": found.tokens, "similarityMatrix": found.similarity_matrix})


@router.post("/tokenize", response_model=TokenizeAnswer, dependencies=[needs(Right.RUN)])
async def tokenize(body: Tokenize) -> Json:
    """A text as the model reads it."""
    with fields_renamed({"text": "prompt", "model_id": "modelId", "prepend_bos": "prependBos"}):
        found = await directions.tokenize(body.model_id, body.prompt, body.prepend_bos)
    return Json({"tokens": found.tokens, "tokenStrings": found.token_strings, "prependBos": found.prepend_bos})


def alike_json(model_id: str, one: Alike) -> dict[str, Any]:
    return {
        "feature": {"modelId": model_id, "source": one.source_id, "index": str(one.index)},
        "cosineSimilarity": one.cosine,
        "explanation": one.facts.explanation or None,
    }
