"""Steered generation, streamed or whole."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from starlette.responses import Response

from inference_worker.events import EventStream, unless_left
from inference_worker.routes.description import RESPONSES, SECRET
from inference_worker.scheduler import Work
from inference_worker.wire.steering import SteerCompletionRequest, SteerCompletionResponse
from inference_worker.worker import Worker

_STREAM: dict[int | str, dict[str, object]] = {
    200: {
        "description": "The whole answer; with `stream` events that each hold the answer so far, the last named "
        "`done` or `error`.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


def router(worker: Worker) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/v1/steer", dependencies=SECRET)

    @routes.post("/completion", responses={**RESPONSES, **_STREAM}, response_model=SteerCompletionResponse)
    async def completion(request: Request, body: SteerCompletionRequest) -> Response:
        """Text unsteered and steered, written side by side; with `stream` as events."""
        work = await worker.complete(request, body)
        if body.stream:
            return EventStream(work)
        answer = await unless_left(request, _last(work))
        return JSONResponse(answer.model_dump(by_alias=True, exclude_none=True))

    return routes


async def _last(work: Work[SteerCompletionResponse]) -> SteerCompletionResponse:
    async with work:
        async for answer in work:
            last = answer
    return last
