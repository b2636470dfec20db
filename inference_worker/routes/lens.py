"""What the model would say after each layer, streamed a line a position or whole."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.responses import Response
from starlette.types import Send

from inference_worker.events import EventStream, unless_left
from inference_worker.refusals import problem
from inference_worker.requests import lens
from inference_worker.routes.description import RESPONSES, SECRET
from inference_worker.scheduler import Work
from inference_worker.tickets import ticket
from inference_worker.wire.lens import LensPromptRequest, LensPromptResponse
from inference_worker.worker import Worker

_STREAM: dict[int | str, dict[str, object]] = {
    200: {
        "description": "The whole answer; with `stream` one JSON a line: `meta`, `prompt`, a `token` for each "
        "position, and `done` or `error`.",
        "content": {"application/x-ndjson": {"schema": {"type": "string"}}},
    }
}


def router(worker: Worker) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/v1/lens", dependencies=SECRET)

    @routes.post("/prompt", responses={**RESPONSES, **_STREAM}, response_model=LensPromptResponse)
    async def lens_prompt(request: Request, body: LensPromptRequest) -> Response:
        """Top tokens of the logit lens after each layer, at each token of a text and of what the model adds."""
        engine = worker.engine
        if body.fail_if_busy:
            worker.scheduler.require_idle()
        reading = await worker.answer(request, lambda engine: lens.prepare(engine, body))
        work = worker.scheduler.stream(lambda: lens.read(engine, reading), ticket(request))
        if body.stream:
            return LensLines(work)
        answer = await unless_left(request, _last(work))
        return JSONResponse(answer.model_dump())

    return routes


class LensLines(EventStream[LensPromptResponse]):
    """A line of JSON for each part of the answer, as soon as it is there."""

    media_type = "application/x-ndjson"

    def __init__(self, work: Work[LensPromptResponse]) -> None:
        super().__init__(work, lambda answer: answer)

    async def _send(self, send: Send) -> None:
        headers = [(b"content-type", b"application/x-ndjson"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        async for line in lines(self._work):
            await send({"type": "http.response.body", "body": line, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def lines(work: Work[LensPromptResponse]) -> AsyncIterator[bytes]:
    """What is new in the answer, a line each; at the end `done`, or `error` with what is wrong."""
    sent = 0
    try:
        async for answer in work:
            if not sent:
                yield _line(answer.meta) + _line(answer.prompt)
            new = answer.tokens[sent:]
            sent += len(new)
            yield b"".join(_line(one) for one in new)
        if answer.done is not None:
            yield _line(answer.done)
    except Exception as error:
        told = problem(error)[1]
        yield _line(told, kind="error")


def _line(frame: BaseModel, **more: str) -> bytes:
    content = frame.model_dump_json(exclude_none=True)
    head = "".join(f'"{name}":"{value}",' for name, value in more.items())
    return f"{{{head}{content[1:]}\n".encode()


async def _last(work: Work[LensPromptResponse]) -> LensPromptResponse:
    async with work:
        async for answer in work:
            last = answer
    return last
