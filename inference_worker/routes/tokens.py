"""Text to tokens."""

from __future__ import annotations

from fastapi import APIRouter, Request

from inference_worker.requests import tokens
from inference_worker.routes.description import RESPONSES, SECRET
from inference_worker.wire.tokens import TokenizeRequest, TokenizeResponse
from inference_worker.worker import Worker


def router(worker: Worker) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/v1", dependencies=SECRET, responses=RESPONSES)

    @routes.post("/tokenize")
    async def tokenize(request: Request, body: TokenizeRequest) -> TokenizeResponse:
        """Ids and strings of a text's tokens."""
        return await worker.answer(request, lambda engine: tokens.tokenize(engine, body))

    return routes
