"""Steered generation, streamed or whole."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from starlette.responses import Response

from inference_worker.events import EventStream, unless_left
from inference_worker.requests.steering import SteerRequest, SteerResponse, framing
from inference_worker.routes.description import EVENT, RESPONSES, SECRET
from inference_worker.scheduler import Work
from inference_worker.wire.steering import (
    SteerChatRequest,
    SteerChatResponse,
    SteerCompletionRequest,
    SteerCompletionResponse,
)
from inference_worker.worker import Worker

_STREAM: dict[int | str, dict[str, object]] = {
    200: {
        "description": "The whole answer; with `stream` numbered events that each hold the answer so far, or with "
        "`stream_format: delta` what was added since the one before. The last is named `done`, with the whole "
        "answer, or `error`.",
        "content": {"text/event-stream": {"schema": EVENT}},
    }
}


def router(worker: Worker) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/v1/steer", dependencies=SECRET, responses={**RESPONSES, **_STREAM})

    @routes.post("/completion", response_model=SteerCompletionResponse)
    async def completion(request: Request, body: SteerCompletionRequest) -> Response:
        """Text unsteered and steered, written side by side; with `stream` as events."""
        return await _answer(worker, request, body)

    @routes.post("/completion-chat", response_model=SteerChatResponse)
    async def completion_chat(request: Request, body: SteerChatRequest) -> Response:
        """The assistant's next turn unsteered and steered, by the model's chat template; with `stream` as events."""
        return await _answer(worker, request, body)

    return routes


async def _answer(worker: Worker, request: Request, body: SteerRequest) -> Response:
    work = await worker.complete(request, body)
    if body.stream:
        return EventStream(work, framing(body))
    async with work:
        answer = await unless_left(request, _last(work))
    return JSONResponse(answer.model_dump(by_alias=True, exclude_none=True))


async def _last(work: Work[SteerResponse]) -> SteerResponse:
    async for answer in work:
        last = answer
    return last
