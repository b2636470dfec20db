"""Server-sent events of work in the queue, and the end of work whose client has left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Generic, TypeVar

from pydantic import BaseModel
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from inference_worker.refusals import problem
from inference_worker.scheduler import Work

T = TypeVar("T")
B = TypeVar("B", bound=BaseModel)

HEARTBEAT = 1.0
"""Seconds of silence after which a comment line is sent."""
FIRST = 0.1
"""The same at the beginning: who has to wait is told soon."""
TAKES = 60.0
"""Seconds after which a reader that takes nothing is cut off."""


Frame = Callable[[B], BaseModel | None]
"""What is sent of an item; None: nothing."""


async def events(work: Work[B], frame: Frame[B]) -> AsyncIterator[str]:
    """Frames of a stream: `data: …` for every item, at the end `event: done` with the last item or `event: error`.

    Frames are numbered from 1. While nothing comes, a comment line says how many wait before it.
    """
    last: B | None = None
    number, silence = 0, FIRST
    waiting: asyncio.Task[B] | None = None
    try:
        while True:
            waiting = waiting or asyncio.ensure_future(work.__anext__())
            finished, _ = await asyncio.wait([waiting], timeout=silence)
            silence = HEARTBEAT
            if not finished:
                yield f": waiting {work.position}\n\n"
                continue
            last = waiting.result()
            waiting = None
            shown = frame(last)
            if shown is not None:
                number += 1
                yield f"id: {number}\ndata: {_json(shown)}\n\n"
    except StopAsyncIteration:
        yield f"event: done\ndata: {_json(last) if last is not None else '{}'}\n\n"
    except Exception as error:
        yield f"event: error\ndata: {_json(problem(error)[1])}\n\n"
    finally:
        if waiting is not None:
            waiting.cancel()


class EventStream(Response, Generic[B]):
    """Streams `events(work, frame)` and cancels the work as soon as the client is gone."""

    media_type = "text/event-stream"

    def __init__(self, work: Work[B], frame: Frame[B]) -> None:
        super().__init__()
        self._work, self._frame = work, frame

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._work:
            sending = asyncio.ensure_future(self._send(send))
            leaving = asyncio.ensure_future(_left(receive))
            await asyncio.wait([sending, leaving], return_when=asyncio.FIRST_COMPLETED)
            self._work.cancel()
            for task in (sending, leaving):
                if not task.done():
                    task.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)

    async def _send(self, send: Send) -> None:
        headers = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        async for frame in events(self._work, self._frame):
            async with asyncio.timeout(TAKES):
                await send({"type": "http.response.body", "body": frame.encode(), "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def unless_left(request: Request, answer: Awaitable[T]) -> T:
    """Wait for an answer, but no longer than the client does.

    Raises:
        ClientDisconnect: the client has left; the answer was cancelled.
    """
    working = asyncio.ensure_future(answer)
    leaving = asyncio.ensure_future(_left(request.receive))
    try:
        await asyncio.wait([working, leaving], return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientDisconnect
        return working.result()
    finally:
        working.cancel()
        leaving.cancel()


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _json(body: BaseModel) -> str:
    return body.model_dump_json(by_alias=True, exclude_none=True)
