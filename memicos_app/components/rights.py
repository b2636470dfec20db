"""What a handler of an event needs: declared where the handler stands, and asked before it runs.

A handler's own declaration counts before that of its state. One without either is never run, and a test fails.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from reflex_base.event import EventHandler

from memicos_app.library.accounts.rights import Right

F = TypeVar("F", bound=Callable[..., Any])
C = TypeVar("C", bound=type[Any])
_MARK = "_memicos_needs"
OF_REFLEX = {
    "hydrate": Right.OPEN,
    "hydrate_and_load": Right.OPEN,
    "set_is_hydrated": Right.OPEN,
    "on_load_internal": Right.OPEN,
    "update_vars_internal": Right.OPEN,
    "handle_frontend_exception": Right.OPEN,
}
"""Handlers that Reflex brings along and pages use; what a page's load does is asked again of each handler."""


def needs(right: Right) -> Callable[[F], F]:
    """Declares, below `@rx.event`, what one needs to have for this handler to run."""

    def declared(handler: F) -> F:
        setattr(handler, _MARK, right)
        return handler

    return declared


def declares(right: Right) -> Callable[[C], C]:
    """Declares, above a state or a part of one, what its handlers need that do not say so themselves."""

    def declared(state: C) -> C:
        for name, value in vars(state).items():
            handler = value.fn if isinstance(value, EventHandler) else value
            own = not name.startswith("_") and getattr(handler, "__module__", "") == state.__module__
            if own and callable(handler) and not hasattr(handler, _MARK):
                setattr(handler, _MARK, right)
        return state

    return declared


def inside(method: F) -> F:
    """Declares that a public method of a state is called by other states only: as an event it is never run."""
    setattr(method, _MARK, None)
    return method


def is_declared(handler: EventHandler) -> bool:
    """Whether somebody said what a handler needs, or that it is none."""
    return hasattr(handler.fn, _MARK)


def needed(handler: EventHandler) -> Right | None:
    """What a handler needs; None: nobody said, so that it is not run."""
    if handler.fn.__module__ == "reflex.state":
        return OF_REFLEX.get(handler.fn.__name__)
    return getattr(handler.fn, _MARK, None)
