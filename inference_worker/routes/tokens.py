"""Texts and conversations to tokens."""

from __future__ import annotations

from fastapi import APIRouter, Request

from inference_worker.requests import tokens
from inference_worker.routes.description import RESPONSES, SECRET
from inference_worker.wire.tokens import (
    ApplyChatTemplateRequest,
    ApplyChatTemplateResponse,
    TokenizeRequest,
    TokenizeResponse,
)
from inference_worker.worker import Worker


def router(worker: Worker) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/v1", dependencies=SECRET, responses=RESPONSES)

    @routes.post("/tokenize")
    async def tokenize(request: Request, body: TokenizeRequest) -> TokenizeResponse:
        """Ids and strings of a text's tokens."""
        return await worker.answer(request, lambda engine: tokens.tokenize(engine, body))

    @routes.post("/apply-chat-template")
    async def apply_chat_template(request: Request, body: ApplyChatTemplateRequest) -> ApplyChatTemplateResponse:
        """A conversation as the model reads it; which message and which part of it each token belongs to."""
        return await worker.answer(request, lambda engine: tokens.apply_chat_template(engine, body))

    return routes
