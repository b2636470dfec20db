"""What an SAE holds: directions, how alike they are, and how alike a text's tokens are to it."""

from __future__ import annotations

from fastapi import APIRouter, Request

from inference_worker.requests import util
from inference_worker.routes.description import RESPONSES, SECRET
from inference_worker.wire.util import (
    CossimRequest,
    CossimResponse,
    DecoderMatchRequest,
    DecoderMatchResponse,
    FeatureVectorRequest,
    FeatureVectorResponse,
    SimilarityMatrixRequest,
    SimilarityMatrixResponse,
)
from inference_worker.worker import Worker


def router(worker: Worker) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/v1/util", dependencies=SECRET, responses=RESPONSES)

    @routes.post("/sae-vector")
    async def sae_vector(request: Request, body: FeatureVectorRequest) -> FeatureVectorResponse:
        """A feature's decoder direction, encoder column, or both."""
        return await worker.answer(request, lambda engine: util.vector(engine, body))

    @routes.post("/sae-topk-by-decoder-cossim")
    async def sae_topk_by_decoder_cossim(request: Request, body: CossimRequest) -> CossimResponse:
        """The features of a source whose decoder directions are most alike to a feature's or to a vector."""
        return await worker.answer(request, lambda engine: util.similar(engine, body))

    @routes.post("/sae-decoder-match")
    async def sae_decoder_match(request: Request, body: DecoderMatchRequest) -> DecoderMatchResponse:
        """For each feature of two sources the one of the other whose decoder direction is most alike."""
        return await worker.answer_shared(request, lambda engine: util.matches(engine, body))

    @routes.post("/similarity-matrix-pred")
    async def similarity_matrix_pred(request: Request, body: SimilarityMatrixRequest) -> SimilarityMatrixResponse:
        """How alike a text's tokens are in what a temporal SAE predicts from their context."""
        return await worker.answer_shared(request, lambda engine: util.similarity_matrix(engine, body))

    return routes
