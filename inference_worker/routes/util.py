"""What an SAE holds, without a text."""

from __future__ import annotations

from fastapi import APIRouter, Request

from inference_worker.requests import util
from inference_worker.routes.description import RESPONSES, SECRET
from inference_worker.wire.util import FeatureVectorRequest, FeatureVectorResponse
from inference_worker.worker import Worker


def router(worker: Worker) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/v1", dependencies=SECRET, responses=RESPONSES)

    @routes.post("/util/sae-vector")
    async def sae_vector(request: Request, body: FeatureVectorRequest) -> FeatureVectorResponse:
        return await worker.answer(request, lambda engine: util.vector(engine, body))

    return routes
