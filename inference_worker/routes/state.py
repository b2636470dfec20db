"""Liveness, readiness, and what is served."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from inference_worker.requests import engine
from inference_worker.routes.description import RESPONSES, SECRET
from inference_worker.wire.state import Capabilities, Health, Readiness
from inference_worker.worker import Worker
from memicos_app.settings import Settings


def router(worker: Worker, settings: Settings) -> APIRouter:
    """The routes."""
    routes = APIRouter()

    @routes.get("/health")
    async def health() -> Health:
        return Health()

    @routes.get("/ready", dependencies=SECRET, responses={503: {"model": Readiness}})
    async def ready() -> JSONResponse:
        state = worker.readiness()
        return JSONResponse(state.model_dump(by_alias=True), 200 if state.ready else 503)

    @routes.get("/v1/capabilities", dependencies=SECRET, responses=RESPONSES)
    async def capabilities() -> Capabilities:
        return engine.capabilities(worker.engine, settings.inference_queue)

    return routes
