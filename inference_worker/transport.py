"""How the worker's client talks: connections, answers, events, and what goes wrong on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from inference_worker.wire.base import Problem, Wire
from inference_worker.wire.turns import Waiting

W = TypeVar("W", bound=BaseModel)
CONNECT = 2.0
"""Seconds to connect."""


class WorkerError(Exception):
    """The worker refused or failed; `problem` says why, `status` is its HTTP status."""

    def __init__(self, problem: Problem, status: int) -> None:
        super().__init__(problem.message)
        self.problem = problem
        self.status = status


class WorkerDown(Exception):
    """Nothing answers at the worker's address, or it went away in the middle."""


class Pool:
    """One HTTP client for each event loop that is used."""

    def __init__(self, base_url: str, headers: dict[str, str]) -> None:
        self._base_url, self._headers = base_url, headers
        self._http: httpx.AsyncClient | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def client(self) -> httpx.AsyncClient:
        loop = asyncio.get_running_loop()
        if self._http is None or self._loop is not loop:
            headers = {**self._headers, "content-type": "application/json"}
            # A kept connection would break once for every restart of the worker, and a new one costs little.
            # Addresses are near: never by way of a proxy that the environment names.
            self._http = httpx.AsyncClient(
                base_url=self._base_url,
                headers=headers,
                limits=httpx.Limits(max_keepalive_connections=0),
                trust_env=False,
            )
            self._loop = loop
        return self._http

    async def close(self) -> None:
        if self._http is not None and self._loop is asyncio.get_running_loop():
            await self._http.aclose()
        self._http = None


async def without_waiting(items: AsyncGenerator[W | Waiting, None]) -> AsyncGenerator[W, None]:
    async with aclosing(items):
        async for item in items:
            if not isinstance(item, Waiting):
                yield item


async def answers_of(response: httpx.Response, kind: type[W]) -> AsyncGenerator[W | Waiting, None]:
    async with aclosing(events_of(response)) as events:
        async for name, data in events:
            if name == "error":
                problem = Problem.model_validate_json(data)
                raise WorkerError(problem, _STATUS_OF.get(problem.error, 500))
            yield Waiting(position=int(data)) if name == "waiting" else kind.model_validate_json(data)
            if name == "done":
                return
    raise WorkerDown("The worker went away before the end of its answer.")


async def events_of(response: httpx.Response) -> AsyncGenerator[tuple[str, str], None]:
    """Name and data of each event; one counts only when the empty line after it has come. A heartbeat: `waiting`."""
    fields: dict[str, str] = {}
    async for line in response.aiter_lines():
        if line:
            name, _, value = line.partition(": ")
            if not name and value.startswith(_WAITING):
                name, value = "data", value.removeprefix(_WAITING)
                fields["event"] = "waiting"
            fields[name] = value
        elif "data" in fields:
            yield fields.get("event", ""), fields["data"]
        if not line:
            fields = {}


_STATUS_OF = {
    "bad_input": 400,
    "not_found": 404,
    "diverged": 422,
    "unusable": 422,
    "busy": 503,
    "out_of_memory": 503,
    "stopping": 503,
    "expired": 504,
}
_WAITING = "waiting "


def answer_of(response: httpx.Response, kind: type[W]) -> W:
    if response.status_code != 200:
        raise error_of(response)
    return kind.model_validate_json(response.content)


def error_of(response: httpx.Response) -> WorkerError:
    try:
        problem = Problem.model_validate_json(response.content)
    except ValidationError:
        problem = Problem(error="internal", message=f"The worker answered {response.status_code} in no known form.")
    return WorkerError(problem, response.status_code)


def json_of(request: Wire) -> bytes:
    return request.model_dump_json(by_alias=True, exclude_none=True).encode()


def patient(read: float) -> httpx.Timeout:
    return httpx.Timeout(read, connect=CONNECT)
