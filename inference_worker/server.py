"""The worker's HTTP surface put together: thin routes over `requests`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI

from inference_worker import refusals
from inference_worker.addresses import Addresses
from inference_worker.casing import Casing
from inference_worker.guard import Guard
from inference_worker.requests.engine import Engine
from inference_worker.routes import activations, docs, lens, state, steering, tokens, util
from inference_worker.routes.description import describe, operation_id
from inference_worker.worker import Worker
from memicos_app.settings import Settings


def create_app(settings: Settings, load: Callable[[Settings], Engine] | None = None) -> FastAPI:
    """The worker's application; the model loads in the background once it starts."""
    worker = Worker(settings, load)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        worker.scheduler.start()
        loading = asyncio.create_task(worker.load())
        yield
        loading.cancel()
        await asyncio.to_thread(worker.scheduler.close)

    app = FastAPI(docs_url=None, redoc_url=None, generate_unique_id_function=operation_id, lifespan=lifespan)
    app.state.worker = worker
    refusals.install(app)
    app.add_middleware(Guard, secret=settings.inference_server_secret.get_secret_value())
    app.add_middleware(Casing)
    app.add_middleware(Addresses)
    app.include_router(docs.router)
    app.include_router(state.router(worker, settings), tags=["state"])
    for subject in (tokens, activations, steering, util, lens):
        app.include_router(subject.router(worker), tags=[subject.__name__.rpartition(".")[2]])
    describe(app)
    return app
