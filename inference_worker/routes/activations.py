"""Activations on texts: of one feature, of all that are strong, and what the model itself holds."""

from __future__ import annotations

from fastapi import APIRouter, Request

from inference_worker.requests import activations, contrast, internals, search
from inference_worker.routes.description import RESPONSES, SECRET
from inference_worker.wire import activations as one
from inference_worker.wire import contrast as sides
from inference_worker.wire import internals as inside
from inference_worker.wire import search as many
from inference_worker.worker import Worker


def router(worker: Worker) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/v1/activation", dependencies=SECRET, responses=RESPONSES)
    _one_feature(routes, worker)
    _many_features(routes, worker)
    _two_sides(routes, worker)
    _by_token(routes, worker)
    _internals(routes, worker)
    return routes


def _one_feature(routes: APIRouter, worker: Worker) -> None:
    @routes.post("/single")
    async def activation_single(request: Request, body: one.ActivationSingleRequest) -> one.ActivationSingleResponse:
        """One feature, or a direction at a hook point, on a text or on token ids."""
        return await worker.answer_shared(request, lambda engine: activations.activation(engine, body))

    @routes.post("/single-batch")
    async def activation_single_batch(
        request: Request, body: one.ActivationSingleBatchRequest
    ) -> one.ActivationSingleBatchResponse:
        """As `single`, on several texts."""
        return await worker.answer_shared(request, lambda engine: activations.activation_batch(engine, body))


def _many_features(routes: APIRouter, worker: Worker) -> None:
    @routes.post("/all")
    async def activation_all(request: Request, body: many.ActivationAllRequest) -> many.ActivationAllResponse:
        """The strongest features of a text over the sources of a set."""
        return await worker.answer_shared(request, lambda engine: search.search(engine, body))

    @routes.post("/all-batch")
    async def activation_all_batch(
        request: Request, body: many.ActivationAllBatchRequest
    ) -> many.ActivationAllBatchResponse:
        """As `all`, of several texts."""
        return await worker.answer_shared(request, lambda engine: search.search_batch(engine, body))

    @routes.post("/source")
    async def activation_source(
        request: Request, body: many.ActivationSourceRequest
    ) -> many.ActivationSourceResponse:
        """Every feature of a source that is active on each of several texts."""
        return await worker.answer_shared(request, lambda engine: search.active_features(engine, body))


def _two_sides(routes: APIRouter, worker: Worker) -> None:
    @routes.post("/contrast")
    async def activation_contrast(request: Request, body: sides.ContrastRequest) -> sides.ContrastResponse:
        """The features that tell two sets of texts apart, over the sources of a set."""
        return await worker.answer_shared(request, lambda engine: contrast.contrast(engine, body))


def _by_token(routes: APIRouter, worker: Worker) -> None:
    @routes.post("/topk-by-token")
    async def activation_topk_by_token(
        request: Request, body: many.ActivationTopkByTokenRequest
    ) -> many.ActivationTopkByTokenResponse:
        """The strongest features of a source at each token of a text."""
        return await worker.answer_shared(request, lambda engine: search.top_by_token(engine, body))

    @routes.post("/topk-by-token-batch")
    async def activation_topk_by_token_batch(
        request: Request, body: many.ActivationTopkByTokenBatchRequest
    ) -> many.ActivationTopkByTokenBatchResponse:
        """As `topk-by-token`, of several texts."""
        return await worker.answer_shared(request, lambda engine: search.top_by_token_batch(engine, body))


def _internals(routes: APIRouter, worker: Worker) -> None:
    @routes.post("/raw")
    async def activation_raw(request: Request, body: inside.ActivationRawRequest) -> inside.ActivationRawResponse:
        """The residual stream after layers, at the last token of each prompt."""
        return await worker.answer_shared(request, lambda engine: internals.raw(engine, body))

    @routes.post("/attention")
    async def activation_attention(
        request: Request, body: inside.ActivationAttentionRequest
    ) -> inside.ActivationAttentionResponse:
        """One head's attention on a text, sparse."""
        return await worker.answer(request, lambda engine: internals.attention(engine, body))
