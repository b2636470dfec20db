"""Every failure of the worker as a status with a `Problem` in the body: one shape for all routes."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from inference_worker.engine.errors import (
    BadInput,
    Diverged,
    EngineError,
    OutOfMemory,
    Pending,
    Unknown,
    Unusable,
)
from inference_worker.scheduler import Busy, Expired, Stopped
from inference_worker.wire.base import Problem

_log = logging.getLogger(__name__)


class NotReady(Exception):
    """The model is still loading, or could not be loaded."""

    def __init__(self, message: str, retry_after: float | None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


_STATUS: dict[type[EngineError], int] = {BadInput: 400, Unknown: 404, Diverged: 422, Unusable: 422}
_CODES = {404: "not_found", 405: "method_not_allowed"}
_SENTENCES = {
    400: "The body cannot be read as JSON.",
    404: "There is no such address; /openapi.json lists the ones there are.",
    405: "This address does not take this method.",
}
_BRANCHES = {"str", "int", "float", "bool", "dict", "constrained-str", "constrained-int", "constrained-float"}
"""Names that pydantic gives branches of a union; others begin with `function-` or hold a bracket."""


def problem(error: BaseException) -> tuple[int, Problem]:
    """Status and body of a failure. What nobody foresaw is a 500 that names only its kind."""
    match error:
        case Pending():
            return 503, Problem(
                error=error.code, message=error.message, field=error.field, retry_after=error.retry_after
            )
        case OutOfMemory():
            return 503, Problem(error=error.code, message=error.message, retry_after=5)
        case EngineError():
            return _STATUS.get(type(error), 500), Problem(error=error.code, message=error.message, field=error.field)
        case Busy():
            return 503, Problem(
                error="busy", message=str(error), position=error.position, retry_after=error.retry_after
            )
        case Expired():
            return 504, Problem(error="expired", message=str(error))
        case NotReady():
            return 503, Problem(error="not_ready", message=str(error), retry_after=error.retry_after)
        case Stopped():
            return 503, Problem(error="stopping", message="The worker is stopping.", retry_after=2)
        case RequestValidationError():
            return 400, _invalid(error.errors())
        case HTTPException():
            code = _CODES.get(error.status_code, "bad_input" if error.status_code < 500 else "internal")
            return error.status_code, Problem(
                error=code, message=_SENTENCES.get(error.status_code, str(error.detail))
            )
    _log.error("a request failed", exc_info=error)
    return 500, Problem(error="internal", message=f"The worker failed: {type(error).__name__}.")


def refusal(error: BaseException) -> JSONResponse:
    """The answer to a request that failed."""
    status, body = problem(error)
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    if body.retry_after is not None:
        headers["Retry-After"] = str(max(1, round(body.retry_after)))
    return JSONResponse(body.model_dump(by_alias=True, exclude_none=True), status, headers)


def refused(status: int, code: str, message: str, *, field: str | None = None) -> JSONResponse:
    """The answer to a request that never reaches a route."""
    return JSONResponse(Problem(error=code, message=message, field=field).model_dump(exclude_none=True), status)


def install(app: FastAPI) -> None:
    """Answer every failure of the app's routes with a `Problem`."""

    async def answer(_: Request, error: Exception) -> JSONResponse:
        return refusal(error)

    async def gone(_: Request, __: Exception) -> Response:
        return Response(status_code=499)

    app.add_exception_handler(ClientDisconnect, gone)
    for kind in (EngineError, Busy, Expired, NotReady, Stopped, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, answer)
    app.add_middleware(Faults)


class Faults:
    """ASGI middleware that answers what nobody foresaw, too, and keeps the connection.

    A handler for `Exception` would answer, but the server would still close the connection under the next request.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = False

        async def sending(message: Message) -> None:
            nonlocal began
            began = True
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as error:
            if began or scope["type"] != "http":
                raise
            await refusal(error)(scope, receive, send)


def _invalid(errors: Sequence[Any]) -> Problem:
    error = _deepest(errors)
    if error["type"] == "json_invalid":
        reason = error.get("ctx", {}).get("error", "it cannot be read")
        return Problem(error="bad_input", message=f"The body is not valid JSON: {reason}.")
    path = [str(part) for part in error["loc"] if part != "body" and (isinstance(part, int) or not _branch(part))]
    if not path:
        return Problem(error="bad_input", message="The body must be a JSON object.")
    field = ".".join(_snake(part) for part in path)
    if error["type"] == "extra_forbidden":
        return Problem(error="bad_input", message=f"{'.'.join(path)} is not a field of this request.", field=field)
    return Problem(error="bad_input", message=f"{error['msg'].removeprefix('Value error, ')}.", field=field)


def _deepest(errors: Sequence[Any]) -> Any:
    """Of the errors of a union's branches the one that went furthest: the branch that was meant."""
    same = [error for error in errors if error["loc"][:2] == errors[0]["loc"][:2]]
    return max(same, key=lambda error: len(error["loc"]))


def _branch(part: str) -> bool:
    return part in _BRANCHES or "[" in part or part.startswith("function-")


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
