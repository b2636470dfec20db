"""Answers of the API held against what their routes say of them in the description."""

from __future__ import annotations

import functools
import re
from typing import Any

import httpx
from fastapi.routing import APIRoute
from pydantic import TypeAdapter
from starlette.routing import Match

from memicos_app.api.app import ROUTERS
from memicos_app.api.problems import Problem

ROUTES = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]


@functools.cache
def shape(model: Any) -> TypeAdapter[Any]:
    return TypeAdapter(model)


async def holds(answer: httpx.Response) -> None:
    """A good answer in JSON is of its route's shape, every other of that of problems."""
    if not answer.headers.get("content-type", "").startswith("application/json"):
        return
    route = route_of(answer.request)
    if route is None:
        return
    await answer.aread()
    text = without_surrogates(answer.content)
    if answer.status_code >= 400:
        shape(Problem).validate_json(text)
    elif route.response_model is not None:
        shape(route.response_model).validate_json(text)


def route_of(request: httpx.Request) -> APIRoute | None:
    path = request.url.path.rstrip("/")
    scope = {"type": "http", "path": path, "method": request.method, "root_path": "", "headers": []}
    return next((route for route in ROUTES if route.matches(scope)[0] is Match.FULL), None)


def without_surrogates(content: bytes) -> bytes:
    """JSON whose half characters, which tokens may hold and pydantic does not read, are written as question marks."""
    return re.sub(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}", b"?", content)
