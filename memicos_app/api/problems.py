"""Failures as the API tells them: one shape for everything, a stable code, and the field to blame."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from starlette._utils import get_route_path
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from memicos_app.api.answers import Json
from memicos_app.db.errors import DatabaseUnusable, sentence
from memicos_app.library.errors import LibraryError
from memicos_app.library.tracing import request_id

logger = logging.getLogger(__name__)
CODES = {
    400: "bad_input",
    401: "sign_in",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "too_large",
    415: "unsupported_media_type",
    422: "bad_input",
    429: "too_many",
    503: "unavailable",
}
SENTENCES = {
    404: "There is no such address in this API; /api/openapi.json lists the ones there are.",
    405: "This address does not take this method.",
    413: "The request is larger than the server takes.",
    415: "The body must be JSON, sent with Content-Type: application/json.",
}
UNION_TAGS = {"str", "int", "float", "bool"}
"""Some names that pydantic gives branches of a union; others hold a sign that no field's name holds."""
DATABASE_RETRY = 5.0
INTERNAL_SENTENCE = "Something went wrong on the server; its log says what."


class Problem(BaseModel):
    """The shape of every error."""

    error: str
    message: str
    field: str | None = None
    request_id: str | None = Field(None, alias="requestId")
    """By which the server's log finds it."""


def install(api: FastAPI) -> None:
    """Register a handler for everything that can go wrong behind a route."""
    api.add_exception_handler(LibraryError, library_error)
    api.add_exception_handler(RequestValidationError, validation_error)
    api.add_exception_handler(HTTPException, http_error)
    for failure in (OperationalError, InterfaceError, DBAPIError, DatabaseUnusable):
        api.add_exception_handler(failure, database_error)
    api.add_exception_handler(Exception, unexpected)


def problem(
    status: int, error: str, message: str, *, field: str | None = None, headers: Mapping[str, str] | None = None
) -> Json:
    """The answer that tells of a failure; `field` is left out where none is to blame."""
    body = {"error": error, "message": message} | ({"field": field} if field else {})
    if name := request_id():
        body["requestId"] = name
    return Json(body, status_code=status, headers=dict(headers or {}))


@contextmanager
def fields_renamed(names: Mapping[str, str]) -> Iterator[None]:
    """Failures of the library inside the block name the request's fields."""
    try:
        yield
    except LibraryError as error:
        error.field = renamed(error.field, names)
        raise


def renamed(field: str | None, names: Mapping[str, str]) -> str | None:
    if not field:
        return None
    return names.get(field) or ".".join(names.get(part, part) for part in field.split("."))


def told(error: Exception, names: Mapping[str, str]) -> dict[str, str]:
    """A failure in the middle of a stream, in the shape of every error."""
    if isinstance(error, LibraryError):
        field = renamed(error.field, names)
        return {"error": error.code, "message": error.message} | ({"field": field} if field else {})
    if isinstance(error, OperationalError | InterfaceError | DatabaseUnusable):
        return {"error": "unavailable", "message": sentence(error)}
    logger.error("a stream failed", exc_info=error)
    return {"error": "internal", "message": INTERNAL_SENTENCE}


async def library_error(_request: Request, error: Exception) -> Json:
    assert isinstance(error, LibraryError)
    headers = retry_header(error.retry_after if error.status != 503 else error.retry_after or 1.0)
    return problem(error.status, error.code, error.message, field=error.field, headers=headers)


async def validation_error(request: Request, error: Exception) -> Json:
    assert isinstance(error, RequestValidationError)
    worst = deepest(error.errors())
    field, message = blame(worst)
    if not field and worst["type"] != "missing" and not is_json(request.headers.get("content-type", "")):
        return problem(415, CODES[415], SENTENCES[415])
    return problem(400, "bad_input", message, field=field)


async def http_error(request: Request, error: Exception) -> Json:
    assert isinstance(error, HTTPException)
    status = 400 if error.status_code == 422 else error.status_code
    headers = {**(error.headers or {}), "Allow": allowed(request)} if status == 405 else error.headers
    return problem(
        status,
        CODES.get(status, "bad_input" if status < 500 else "internal"),
        SENTENCES.get(status, str(error.detail)),
        headers=headers,
    )


def allowed(request: Request) -> str:
    """Methods of every route at the request's address, and not of the first one alone."""
    path = get_route_path(request.scope)
    paths = request.app.openapi()["paths"].items()
    found = {method.upper() for one, methods in paths if compile_path(one)[0].match(path) for method in methods}
    return ", ".join(sorted(found))


async def database_error(_request: Request, error: Exception) -> Json:
    if isinstance(error, DBAPIError) and not isinstance(error, OperationalError | InterfaceError):
        return await unexpected(_request, error)
    logger.warning("the database does not answer: %s", type(error).__name__)
    return problem(503, "unavailable", sentence(error), headers=retry_header(DATABASE_RETRY))


async def unexpected(request: Request, error: Exception) -> Json:
    logger.error("an answer failed", exc_info=error)
    return problem(500, "internal", INTERNAL_SENTENCE)


def is_json(kind: str) -> bool:
    """Whether a content type says JSON."""
    kind = kind.partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def retry_header(seconds: float | None) -> dict[str, str]:
    """`Retry-After` in whole seconds, at least one."""
    return {"Retry-After": str(max(1, round(seconds)))} if seconds is not None else {}


def deepest(errors: Sequence[Any]) -> Mapping[str, Any]:
    """Of a union's errors the one that lies deepest: an entry of a list rather than the list not being a text."""
    same: list[Mapping[str, Any]] = [error for error in errors if error["loc"][:2] == errors[0]["loc"][:2]]
    return max(same, key=lambda error: len(error["loc"]))


def blame(error: Mapping[str, Any]) -> tuple[str | None, str]:
    """Field and sentence of one of pydantic's errors."""
    if error["type"] == "json_invalid":
        return None, f"The body is not valid JSON: {error.get('ctx', {}).get('error', 'it cannot be read')}."
    field = path(error["loc"][1:])
    if not field:
        return None, "The body must be a JSON object."
    if error["type"] == "extra_forbidden":
        return field, f"{field} is not a field of this request."
    return field, f"{field}: {error['msg'].removeprefix('Value error, ')}."


def path(location: Sequence[int | str]) -> str:
    """`features.0.strength` out of pydantic's location."""
    parts = [str(part) for part in location if isinstance(part, int) or not is_tag(part)]
    return ".".join(parts)


def is_tag(part: str) -> bool:
    return part in UNION_TAGS or "[" in part or "-" in part
