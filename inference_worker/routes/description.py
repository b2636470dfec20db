"""What the routes' descriptions have in common, and the document made of all of them."""

from __future__ import annotations

import re
from typing import Any

from fastapi import FastAPI, Security
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from fastapi.security import APIKeyHeader

from inference_worker.routes.examples import EXAMPLES
from inference_worker.wire.base import CASING_HEADER, SECRET_HEADER, Problem
from inference_worker.wire.turns import (
    BATCH,
    CLIENT_HEADER,
    INTERACTIVE,
    LONGEST_TIMEOUT,
    PRIORITY_HEADER,
    TIMEOUT_HEADER,
)

TITLE = "MemicOS inference worker"
VERSION = "1.0.0"
ABOUT = f"""
Tokenise a text, see which features of a sparse autoencoder are active on it, and steer a model with them.

**Names.** Requests take camelCase and snake_case, and `null` for whatever may be left out; unknown fields are
refused. Answers are camelCase. With the header `{CASING_HEADER}: snake`, or below the base path `/snake`, they are
snake_case.

**Failures.** Every refusal is a `Problem`: a stable `error` code, a sentence, and the `field` to blame.

**Positions.** A position does not count, and its activations are 0, where its token is special or the model's
residual is an attention sink. Answers list every token and say which positions do not count.
"""
TAGS = [
    {"name": "state", "description": "Whether the worker lives, is ready, and what it serves."},
    {"name": "tokens", "description": "Texts and chats to tokens."},
    {"name": "activations", "description": "Features on texts."},
    {"name": "util", "description": "What a source holds, without a text."},
    {"name": "steering", "description": "Text written while features are pushed up or down."},
    {"name": "lens", "description": "What the model would say after each layer."},
]
RESPONSES: dict[int | str, dict[str, object]] = {
    status: {"model": Problem, "description": text}
    for status, text in (
        (400, "Something in the request cannot be right; `field` names it."),
        (401, "The secret is missing or wrong."),
        (404, "No such model, source or feature."),
        (413, "The body is larger than 1 MiB."),
        (415, "The body is not sent as JSON."),
        (422, "The SAE cannot be used, or steering made the model's output no numbers."),
        (500, "A fault of the worker; its log says more."),
        (503, "Loading, or too many are waiting: see `retryAfter` and `position`; or memory ran out."),
        (504, "The seconds that the request gave itself in `X-Timeout` are over."),
    )
}
EVENT: dict[str, object] = {
    "title": "Event",
    "description": "One server-sent event of the stream.",
    "type": "object",
    "properties": {
        "event": {"type": "string", "enum": ["message", "done", "error"]},
        "id": {"type": "string"},
        "data": {"type": "string", "contentMediaType": "application/json"},
    },
    "required": ["data"],
}
CASING: dict[str, Any] = {
    "name": CASING_HEADER,
    "in": "header",
    "description": "Of the answer's names; `camel` if left out.",
    "schema": {"$ref": "#/components/schemas/Casing"},
}
TURNS: list[dict[str, Any]] = [
    {
        "name": CLIENT_HEADER,
        "in": "header",
        "description": "For whom: clients take turns. Left out: the address that the request comes from.",
        "schema": {"type": "string", "pattern": "^[!-~]{1,200}$"},
    },
    {
        "name": PRIORITY_HEADER,
        "in": "header",
        "description": "`batch` is served when nobody interactive waits; `interactive` if left out.",
        "schema": {"$ref": "#/components/schemas/Priority"},
    },
    {
        "name": TIMEOUT_HEADER,
        "in": "header",
        "description": "Seconds after which the answer is of no use. Left out: no limit.",
        "schema": {"type": "number", "exclusiveMinimum": 0, "maximum": LONGEST_TIMEOUT},
    },
]
"""Headers that requests may have; `X-SECRET-KEY` is described as what secures the routes."""
CHOICES = {
    "Casing": {"title": "Casing", "type": "string", "enum": ["camel", "snake"]},
    "Priority": {"title": "Priority", "type": "string", "enum": [INTERACTIVE, BATCH]},
}
"""What two of them may say."""
SECRET = [Security(APIKeyHeader(name=SECRET_HEADER, auto_error=False, scheme_name="secret"))]
"""For the description only: the guard has checked the secret before a route is reached."""


def operation_id(route: APIRoute) -> str:
    """The function's name: what a generated client calls the operation."""
    return route.name


def describe(app: FastAPI) -> None:
    """Make `app.openapi` the description of the app's routes, with an example for each request."""

    def described() -> dict[str, Any]:
        app.openapi_schema = app.openapi_schema or _document(app)
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(title=TITLE, version=VERSION, description=ABOUT.strip(), routes=app.routes)
    document["components"]["schemas"] |= CHOICES
    for path, methods in document["paths"].items():
        if path in EXAMPLES:
            methods["post"]["requestBody"]["content"]["application/json"]["example"] = EXAMPLES[path]
        if path.startswith("/v1/"):
            for method, one in methods.items():
                one["parameters"] = [CASING, *(TURNS if method == "post" else [])]
        for one in methods.values():
            one["summary"] = first_sentence(one["description"])
            if one["description"].rstrip(".") == one["summary"]:
                del one["description"]
    used = {tag for methods in document["paths"].values() for one in methods.values() for tag in one["tags"]}
    return {**document, "tags": [tag for tag in TAGS if tag["name"] in used]}


def first_sentence(description: str) -> str:
    """What stands beside the address: `Ids and strings of a text's tokens`."""
    return re.split(r"\.\s", " ".join(description.split()) + " ", maxsplit=1)[0]
