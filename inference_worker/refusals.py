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

from inference_worker.engine.errors import BadInput, Diverged, EngineError, Unknown, Unusable
from inference_worker.scheduler import Busy, Stopped
from inference_worker.wire.base import Problem

_log = logging.getLogger(__name__)


class NotReady(Exception):
    """The model is still loading, or could not be loaded."""

    def __init__(self, message: str, retry_after: float | None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


_STATUS: dict[type[EngineError], int] = {BadInput: 400, Unknown: 404, Diverged: 422, Unusable: 422}


def problem(error: BaseException) -> tuple[int, Problem]:
    """Status and body of a failure. What nobody foresaw is a 500 that names only its kind."""
    match error:
        case EngineError():
            return _STATUS.get(type(error), 500), Problem(error=error.code, message=error.message, field=error.field)
        case Busy():
            return 503, Problem(
                error="busy", message=str(error), position=error.position, retry_after=error.retry_after
            )
        case NotReady():
            return 503, Problem(error="not_ready", message=str(error), retry_after=error.retry_after)
        case Stopped():
            return 503, Problem(error="stopping", message="The worker is stopping.", retry_after=2)
        case RequestValidationError():
            return 400, _invalid(error.errors())
        case HTTPException():
            return error.status_code, Problem(error="not_found", message=str(error.detail))
    _log.error("a request failed", exc_info=error)
    return 500, Problem(error="internal", message=f"The worker failed: {type(error).__name__}.")


def refusal(error: BaseException) -> JSONResponse:
    """The answer to a request that failed."""
    status, body = problem(error)
    headers = {} if body.retry_after is None else {"Retry-After": str(max(1, round(body.retry_after)))}
    return JSONResponse(body.model_dump(by_alias=True, exclude_none=True), status, headers)


def install(app: FastAPI) -> None:
    """Answer every failure of the app's routes with a `Problem`."""

    async def answer(_: Request, error: Exception) -> JSONResponse:
        return refusal(error)

    async def gone(_: Request, __: Exception) -> Response:
        return Response(status_code=499)

    app.add_exception_handler(ClientDisconnect, gone)
    for kind in (EngineError, Busy, NotReady, Stopped, RequestValidationError, HTTPException):
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
    first = errors[0]
    path = [str(part) for part in first["loc"] if part not in ("body", "int", "str")]
    field = ".".join(_snake(part) for part in path) or None
    return Problem(error="bad_input", message=f"{first['msg']}.", field=field)


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
