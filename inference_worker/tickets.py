"""Who asks and how urgently, from a request's headers."""

from __future__ import annotations

import math
import time
from dataclasses import replace

from fastapi import Request

from inference_worker.engine.errors import BadInput
from inference_worker.scheduler import Ticket
from inference_worker.wire.turns import (
    BATCH,
    CLIENT_HEADER,
    INTERACTIVE,
    LONGEST_TIMEOUT,
    PRIORITY_HEADER,
    TIMEOUT_HEADER,
)


def ticket(request: Request, rows: int = 1) -> Ticket:
    """The request's ticket; made once, so that a deadline counts from when the request came.

    Raises:
        BadInput: a header that says nothing sensible; `field` is its name.
    """
    if not hasattr(request.state, "ticket"):
        request.state.ticket = Ticket(_client(request), _is_interactive(request), _deadline(request))
    made: Ticket = request.state.ticket
    return replace(made, rows=rows)


def _client(request: Request) -> str:
    return request.headers.get(CLIENT_HEADER) or (request.client.host if request.client else "")


def _is_interactive(request: Request) -> bool:
    priority = request.headers.get(PRIORITY_HEADER, INTERACTIVE)
    if priority not in (INTERACTIVE, BATCH):
        raise BadInput(f"The priority is {INTERACTIVE} or {BATCH}, not {priority!r}.", field=PRIORITY_HEADER)
    return priority == INTERACTIVE


def _deadline(request: Request) -> float | None:
    given = request.headers.get(TIMEOUT_HEADER)
    if given is None:
        return None
    try:
        seconds = float(given)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds <= LONGEST_TIMEOUT:
        raise BadInput("The timeout is a number of seconds above 0, a day at most.", field=TIMEOUT_HEADER)
    return time.monotonic() + seconds
