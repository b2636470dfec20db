"""Comparing what the worker's SAEs hold: features that point the same way, and tokens that are alike to a source."""

from __future__ import annotations

from dataclasses import dataclass

from inference_worker.wire.tokens import TokenizeRequest, TokenizeResponse
from inference_worker.wire.util import (
    CossimRequest,
    FeatureRef,
    SimilarityMatrixRequest,
    SimilarityMatrixResponse,
)
from memicos_app.library import rates
from memicos_app.library.feature_facts import UNKNOWN, FeatureFacts, facts
from memicos_app.library.inference import inference, require_text


@dataclass(frozen=True, slots=True)
class Alike:
    """A feature whose decoder direction is like the one that was asked for."""

    source_id: str
    index: int
    cosine: float
    facts: FeatureFacts


async def alike(model_id: str, source_id: str, index: int, target_source_id: str, *, limit: int = 10) -> list[Alike]:
    """Features of `target_source_id` whose decoder direction is most like that of a feature, most alike first.

    Raises:
        NotFoundError: no such model, source or feature at the worker.
        BadInputError: the two sources write to different spaces.
        UnavailableError: the worker is down, loading or busy.
    """
    request = CossimRequest(
        model=model_id,
        source=target_source_id,
        feature=FeatureRef(model=model_id, source=source_id, index=index),
        num_results=limit,
    )
    fields = {
        "source": "target_source_id",
        "model": "model_id",
        "feature.source": "source_id",
        "feature.index": "index",
        "feature.model": "model_id",
        "num_results": "limit",
    }
    with inference(fields) as client:
        found = (await client.similar(request)).topk_decoder_cossim_features
    known = await facts(model_id, [(target_source_id, one.feature.index) for one in found])
    return [
        Alike(
            target_source_id,
            one.feature.index,
            one.cosine_similarity,
            known.get((target_source_id, one.feature.index), UNKNOWN),
        )
        for one in found
    ]


async def similarity_matrix(model_id: str, source_id: str, text: str) -> SimilarityMatrixResponse:
    """How alike a text's tokens are in what a temporal SAE predicts from their context.

    Raises:
        BadInputError: the source predicts nothing, or the text is empty or too long.
        NotFoundError: no such model or source at the worker.
        UnavailableError: the worker is down, loading or busy.
    """
    request = SimilarityMatrixRequest(model_id=model_id, source_id=source_id, text=require_text(text))
    await rates.take("activation")
    with inference() as client:
        return await client.similarity_matrix(request)


async def tokenize(model_id: str, text: str, prepend_bos: bool | None = None) -> TokenizeResponse:
    """A text as the model reads it. `prepend_bos` None: as the model expects it. Errors as `similarity_matrix`'s."""
    require_text(text)
    await rates.take("tokenize")
    with inference({"model": "model_id"}) as client:
        return await client.tokenize(TokenizeRequest(model=model_id, text=text, prepend_bos=prepend_bos))
