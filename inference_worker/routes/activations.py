"""Activations of features on a text."""

from __future__ import annotations

from fastapi import APIRouter, Request

from inference_worker.requests import activations
from inference_worker.routes.description import RESPONSES, SECRET
from inference_worker.wire.activations import ActivationSingleRequest, ActivationSingleResponse
from inference_worker.worker import Worker


def router(worker: Worker) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/v1", dependencies=SECRET, responses=RESPONSES)

    @routes.post("/activation/single")
    async def activation_single(request: Request, body: ActivationSingleRequest) -> ActivationSingleResponse:
        return await worker.answer(request, lambda engine: activations.activation(engine, body))

    return routes
