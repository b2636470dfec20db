"""The request in hand: its name, which stands in the log and in the answer, and what else the answer's head tells."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass(slots=True)
class Trace:
    """What is known of a request while it is answered."""

    id: str
    route: str = ""
    """The route that answers, with its places as `{names}`."""
    headers: dict[str, str] = field(default_factory=dict)


_trace: ContextVar[Trace | None] = ContextVar("trace", default=None)


def begin() -> Trace:
    """What follows in this task belongs to a new request."""
    trace = Trace(secrets.token_hex(8))
    _trace.set(trace)
    return trace


def request_id() -> str:
    """The request's name; empty outside of one."""
    trace = _trace.get()
    return trace.id if trace else ""


def tell(headers: Mapping[str, str]) -> None:
    """Have the answer's head say this; of the same name, the last."""
    if trace := _trace.get():
        trace.headers.update(headers)


def reached(route: str) -> None:
    """Note which route answers."""
    if trace := _trace.get():
        trace.route = route
