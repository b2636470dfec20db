"""What the routes' descriptions have in common."""

from __future__ import annotations

from fastapi import Security
from fastapi.security import APIKeyHeader

from inference_worker.wire.base import SECRET_HEADER, Problem

PROBLEM = {"model": Problem}
RESPONSES: dict[int | str, dict[str, object]] = {
    status: {**PROBLEM, "description": text}
    for status, text in (
        (400, "Something in the request cannot be right; `field` names it."),
        (401, "The secret is missing or wrong."),
        (404, "No such model, source or feature."),
        (422, "The SAE cannot be used, or steering made the model's output no numbers."),
        (503, "Loading, or too many are waiting: see `retryAfter` and `position`."),
    )
}
SECRET = [Security(APIKeyHeader(name=SECRET_HEADER, auto_error=False))]
"""For the description only: the guard has checked the secret before a route is reached."""
