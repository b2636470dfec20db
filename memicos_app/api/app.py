"""The public REST API, mounted under /api: routers, one error shape, compression and limits."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.telemetry import TelemetryConfig
from starlette._utils import get_route_path
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from memicos_app.api import (
    account,
    activations,
    auth,
    bookmarks,
    catalog,
    contrast,
    directions,
    docs,
    downloads,
    elsewhere,
    everything,
    examples,
    explaining,
    explanation_search,
    explanations,
    feature_batches,
    features,
    jobs,
    lists,
    maps,
    page_data,
    page_searches,
    problems,
    status,
    steer_presets,
    steering,
    text_search,
    uploads,
    vectors,
    visibility,
)
from memicos_app.api.problems import Problem, http_error
from memicos_app.library import rates
from memicos_app.library.accounts import recognising
from memicos_app.library.accounts.person import set_person
from memicos_app.library.errors import LibraryError, UnavailableError
from memicos_app.library.visitor import set_visitor
from memicos_app.settings import get_settings

MEBI = 1024 * 1024
TOLD = ("Retry-After", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "X-Request-Id", "Next-Cursor")
"""Headers of answers that pages of other sites may read."""
LARGEST_BODY = 4 * MEBI
LARGER_BODIES = {"/feature/upload-batch": 48 * MEBI}
"""Of routes that take more; batch files have a limit of their own, UPLOAD_LIMIT_MB."""
ROUTERS = (
    catalog.router,
    features.router,
    feature_batches.router,
    everything.router,
    lists.router,
    bookmarks.router,
    bookmarks.reading,
    downloads.router,
    activations.router,
    text_search.router,
    contrast.router,
    directions.router,
    steering.router,
    steer_presets.router,
    vectors.router,
    maps.router,
    jobs.router,
    uploads.router,
    visibility.router,
    page_data.router,
    page_searches.router,
    explaining.router,
    explanation_search.router,
    explanations.router,
    status.router,
    auth.router,
    elsewhere.router,
    account.router,
)
A_KEY = {
    "type": "apiKey",
    "in": "header",
    "name": "x-api-key",
    "description": "A key of yours, made on the account's page; a site for one needs none.",
}
NO_TELEMETRY: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}


class AnySlash:
    """Takes addresses with and without a slash at the end, without sending the client elsewhere."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].endswith("/"):
            scope = {**scope, "path": scope["path"].rstrip("/") or "/"}
        await self.app(scope, receive, send)


class Visitors:
    """Tells the library whom a request is for: the address it comes from, and the person by key or session."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            if scope.get("client"):
                set_visitor(scope["client"][0])
            try:
                with suppress(UnavailableError):  # what needs the database says so itself
                    await rates.take_request()
                set_person(await recognising.from_headers(Headers(scope=scope)))
            except LibraryError as error:
                await (await problems.library_error(Request(scope), error))(scope, receive, send)
                return
        await self.app(scope, receive, send)


class BodyLimit:
    """Refuses bodies that are too large, announced or not, before they are all read."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        most = largest_body(get_route_path(scope))
        if announced.isdigit() and int(announced) > most:
            await (await http_error(Request(scope), HTTPException(413)))(scope, receive, send)
            return
        await self.app(scope, counted(receive, most), send)


def largest_body(path: str) -> int:
    """How many bytes a request to this address may send."""
    if path == uploads.FILE_ROUTE:
        return get_settings().upload_limit_mb * MEBI
    return LARGER_BODIES.get(path, LARGEST_BODY)


def counted(receive: Receive, most: int) -> Receive:
    """`receive` that raises once more than `most` bytes came."""
    total = 0

    async def receive_counted() -> Message:
        nonlocal total
        message = await receive()
        total += len(message.get("body", b""))
        if total > most:
            raise HTTPException(413)
        return message

    return receive_counted


def operation_id(route: APIRoute) -> str:
    """What a generated client calls the operation: `steering_steer_load`."""
    return "_".join([*map(str, route.tags), route.name]).replace(" ", "_")


def build() -> FastAPI:
    """The API as an app of its own, to be mounted."""
    api = FastAPI(
        title="MemicOS API",
        description="Features of sparse autoencoders: read them, test them on text, steer with them.",
        version="1.0.0",
        servers=[{"url": "/api"}],
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry=NO_TELEMETRY,
        generate_unique_id_function=operation_id,
        responses={"4XX": {"model": Problem}, "5XX": {"model": Problem}},
    )
    api.include_router(docs.router)
    for router in ROUTERS:
        api.include_router(router)
    problems.install(api)
    api.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)
    api.add_middleware(BodyLimit)
    api.add_middleware(
        CORSMiddleware, allow_origins=["*"], allow_methods=["GET", "POST"], allow_headers=["*"], expose_headers=TOLD
    )
    api.add_middleware(AnySlash)
    api.add_middleware(Visitors)
    summarise(api)
    return api


def summarise(api: FastAPI) -> None:
    """Let the first sentence of a route's docstring stand beside its address in the description."""
    written = api.openapi

    def summarised() -> dict[str, Any]:
        if api.openapi_schema is not None:
            return api.openapi_schema
        document = written()
        for methods in document["paths"].values():
            for one in methods.values():
                one["summary"] = re.split(r"\.\s", " ".join(one["description"].split()) + " ", maxsplit=1)[0]
                if one["description"].rstrip(".") == one["summary"]:
                    del one["description"]
        document["components"]["securitySchemes"] = {"key": A_KEY}
        document["security"] = [{}, {"key": []}]
        examples.put_into(document)
        return document

    api.openapi = summarised  # type: ignore[method-assign]


api = build()
