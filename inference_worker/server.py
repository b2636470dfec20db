"""The worker's HTTP surface: thin routes over `requests`, all model work in the scheduler's thread."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from fastapi import FastAPI, Request, Security
from fastapi.responses import JSONResponse
from fastapi.security import APIKeyHeader
from starlette.responses import Response

from inference_worker import refusals, requests, wire
from inference_worker.engine.errors import EngineError
from inference_worker.engine.model import served_name
from inference_worker.events import EventStream, unless_left
from inference_worker.guard import Guard
from inference_worker.refusals import NotReady
from inference_worker.requests import Engine
from inference_worker.scheduler import Scheduler, Work
from memicos_app.settings import Settings

T = TypeVar("T")
_log = logging.getLogger(__name__)
_PROBLEM = {"model": wire.Problem}
_RESPONSES: dict[int | str, dict[str, object]] = {
    status: {**_PROBLEM, "description": text}
    for status, text in (
        (400, "Something in the request cannot be right; `field` names it."),
        (401, "The secret is missing or wrong."),
        (404, "No such model, source or feature."),
        (422, "The SAE cannot be used, or steering made the model's output no numbers."),
        (503, "Loading, or too many are waiting: see `retryAfter` and `position`."),
    )
}


class Worker:
    """The engine from its loading on, with the queue before it."""

    def __init__(self, settings: Settings, load: Callable[[Settings], Engine]) -> None:
        self._settings = settings
        self._load = load
        self._engine: Engine | None = None
        self._failure = ""
        self.scheduler = Scheduler(settings.inference_queue)
        self.loaded = threading.Event()
        """Set when loading has ended, well or not."""

    async def load(self) -> None:
        """Load the engine in the model's thread; a failure is kept for `readiness`."""
        try:
            self._engine = await self.scheduler.run(lambda: self._load(self._settings))
        except Exception as error:
            self._failure = error.message if isinstance(error, EngineError) else f"{type(error).__name__}: {error}"
            _log.error("the model cannot be loaded: %s", self._failure)
        self.loaded.set()

    @property
    def engine(self) -> Engine:
        """The engine.

        Raises:
            NotReady: it is loading or could not be loaded.
        """
        if self._engine is not None:
            return self._engine
        if self._failure:
            raise NotReady(self._failure, None)
        raise NotReady("The model is loading.", 5)

    def readiness(self) -> wire.Readiness:
        """What can be asked for now."""
        engine = self._engine
        return wire.Readiness(
            ready=engine is not None,
            state="ready" if engine else "failed" if self._failure else "loading",
            detail=self._failure,
            model=served_name(self._settings.model_id),
            sources=engine.saes.sources() if engine else [],
            queue_length=self.scheduler.waiting,
            device=self._settings.device,
            dtype=self._settings.model_dtype,
        )

    async def answer(self, request: Request, function: Callable[[Engine], T]) -> T:
        """Run short work on the engine, unless the client leaves first."""
        engine = self.engine
        return await unless_left(request, self.scheduler.run(lambda: function(engine)))

    async def complete(
        self, request: Request, body: wire.SteerCompletionRequest
    ) -> Work[wire.SteerCompletionResponse]:
        """Check a steering request, then queue its generation."""
        engine = self.engine
        completion = await self.answer(request, lambda engine: requests.prepare(engine, body))
        return self.scheduler.stream(lambda: requests.complete(engine, completion))


def load_from(settings: Settings) -> Engine:
    """The engine that the settings describe."""
    import torch

    torch.set_num_threads(settings.worker_threads or _threads())
    return requests.load_engine(
        settings.model_id,
        models_dir=settings.models_dir,
        sae_dirs=[settings.sae_dir, settings.user_saes_dir],
        sae_sets=settings.sae_sets,
        device=settings.device,
        dtype=settings.model_dtype,
        token_limit=settings.token_limit,
        max_completion_tokens=settings.max_completion_tokens,
    )


def create_app(settings: Settings, load: Callable[[Settings], Engine] = load_from) -> FastAPI:
    """The worker's application; the model loads in the background once it starts."""
    worker = Worker(settings, load)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        worker.scheduler.start()
        loading = asyncio.create_task(worker.load())
        yield
        loading.cancel()
        await asyncio.to_thread(worker.scheduler.close)

    app = FastAPI(title="MemicOS inference worker", version="1", docs_url=None, redoc_url=None, lifespan=lifespan)
    app.state.worker = worker
    refusals.install(app)
    app.add_middleware(Guard, secret=settings.inference_server_secret.get_secret_value())
    _add_state_routes(app, worker, settings)
    _add_model_routes(app, worker)
    return app


_SECRET = [Security(APIKeyHeader(name=wire.SECRET_HEADER, auto_error=False))]
"""For the description only: the guard has checked the secret before a route is reached."""
_STREAM: dict[int | str, dict[str, object]] = {
    200: {
        "description": "The whole answer; with `stream` events that each hold the answer so far, the last named "
        "`done` or `error`.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


def _add_state_routes(app: FastAPI, worker: Worker, settings: Settings) -> None:
    @app.get("/health")
    async def health() -> wire.Health:
        return wire.Health()

    @app.get("/ready", dependencies=_SECRET, responses={503: {"model": wire.Readiness}})
    async def ready() -> JSONResponse:
        state = worker.readiness()
        return JSONResponse(state.model_dump(by_alias=True), 200 if state.ready else 503)

    @app.get("/v1/capabilities", dependencies=_SECRET, responses=_RESPONSES)
    async def capabilities() -> wire.Capabilities:
        return requests.capabilities(worker.engine, settings.inference_queue)


def _add_model_routes(app: FastAPI, worker: Worker) -> None:
    @app.post("/v1/tokenize", dependencies=_SECRET, responses=_RESPONSES)
    async def tokenize(request: Request, body: wire.TokenizeRequest) -> wire.TokenizeResponse:
        return await worker.answer(request, lambda engine: requests.tokenize(engine, body))

    @app.post("/v1/activation/single", dependencies=_SECRET, responses=_RESPONSES)
    async def activation(request: Request, body: wire.ActivationSingleRequest) -> wire.ActivationSingleResponse:
        return await worker.answer(request, lambda engine: requests.activation(engine, body))

    @app.post("/v1/util/sae-vector", dependencies=_SECRET, responses=_RESPONSES)
    async def vector(request: Request, body: wire.FeatureVectorRequest) -> wire.FeatureVectorResponse:
        return await worker.answer(request, lambda engine: requests.vector(engine, body))

    @app.post(
        "/v1/steer/completion",
        dependencies=_SECRET,
        responses={**_RESPONSES, **_STREAM},
        response_model=wire.SteerCompletionResponse,
    )
    async def completion(request: Request, body: wire.SteerCompletionRequest) -> Response:
        work = await worker.complete(request, body)
        if body.stream:
            return EventStream(work)
        answer = await unless_left(request, _last(work))
        return JSONResponse(answer.model_dump(by_alias=True, exclude_none=True))


async def _last(work: Work[wire.SteerCompletionResponse]) -> wire.SteerCompletionResponse:
    async with work:
        async for answer in work:
            last = answer
    return last


def _threads() -> int:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, (usable or 2) - 1)
