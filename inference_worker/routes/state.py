"""Liveness, readiness, and what is served."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from inference_worker.requests import engine
from inference_worker.routes.description import RESPONSES, SECRET
from inference_worker.wire.state import Capabilities, Health, Readiness
from inference_worker.worker import Worker
from memicos_app.settings import Settings

READY: dict[int | str, dict[str, object]] = {
    401: RESPONSES[401],
    503: {"model": Readiness, "description": "Not yet, or no longer."},
}


def router(worker: Worker, settings: Settings) -> APIRouter:
    """The routes."""
    routes = APIRouter()

    @routes.get("/health")
    async def health() -> Health:
        """Whether the process answers. Says nothing of the model; needs no secret."""
        return Health()

    @routes.get("/ready", dependencies=SECRET, response_model=Readiness, responses=READY)
    async def ready() -> JSONResponse:
        """Whether inference can be asked for, and if not, what is missing: then the status is 503."""
        state = worker.readiness()
        return JSONResponse(state.model_dump(by_alias=True), 200 if state.ready else 503)

    @routes.get("/v1/capabilities", dependencies=SECRET, responses=RESPONSES)
    async def capabilities() -> Capabilities:
        """What this worker serves and within which limits."""
        return engine.capabilities(worker.engine, settings.inference_queue)

    return routes
