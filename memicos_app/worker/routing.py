"""A client that sends each request to the worker that serves its model."""

from __future__ import annotations

import copy
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractContextManager, aclosing, suppress
from typing import TypeVar

import httpx
from pydantic import BaseModel

from inference_worker.client import WorkerClient, WorkerDown
from inference_worker.wire.base import Wire
from inference_worker.wire.steering import SteerOptions
from inference_worker.wire.turns import Waiting

W = TypeVar("W", bound=BaseModel)
Use = Callable[[str | None], AbstractContextManager[WorkerClient]]
"""The worker of a model, or of the default one, in use for as long as the context is open."""


class RoutedClient(WorkerClient):
    """Every call of a worker's client; which worker answers is decided by the request's model.

    Args:
        use: gives the worker of a model.
        base_url: address of the default model's worker, where it is known.
    """

    def __init__(self, use: Use, base_url: str = "") -> None:
        super().__init__(base_url)
        self._use = use

    async def close(self) -> None:
        """Close the connections of the default model's worker."""
        with suppress(WorkerDown), self._use(None) as worker:
            await worker.close()

    async def _stream(self, path: str, request: SteerOptions, kind: type[W]) -> AsyncGenerator[W | Waiting, None]:
        await self._checked(request)
        with self._use(request.model) as worker:
            async with aclosing(self._for_whom(worker)._stream(path, request, kind)) as answers:
                async for answer in answers:
                    yield answer

    async def _send(self, method: str, path: str, request: Wire | None, patience: float) -> httpx.Response:
        await self._checked(request)
        with self._use(_model(request)) as worker:
            return await self._for_whom(worker)._send(method, path, request, patience)

    def _for_whom(self, worker: WorkerClient) -> WorkerClient:
        """The worker, asked for whom this client asks."""
        made = copy.copy(worker)
        made._asking = self._asking
        return made


def _model(request: Wire | None) -> str | None:
    found: str | None = getattr(request, "model", None) or getattr(request, "model_id", None)
    return found
