"""Which events are let through to their handlers: those that the person asking may cause, with what a page sends."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import quote

import reflex as rx
from reflex.event import Event, EventSpec
from reflex.state import StateUpdate
from reflex_base.registry import RegistrationContext

from memicos_app.components.rights import needed
from memicos_app.library.accounts import rights
from memicos_app.library.errors import ForbiddenError, LibraryError, SignInError
from memicos_app.site.payloads import checked

logger = logging.getLogger(__name__)
SIGN_IN = "/signin"
INTERNAL = "Something went wrong on the server; its log says what."


def refusal(event: Event, path: str) -> StateUpdate | None:
    """What the browser at `path` is told in place of the event's handler; None: the handler may run."""
    try:
        admit(event)
    except LibraryError as error:
        return refused(event, error, path)
    return None


def refused(event: Event, error: LibraryError, path: str) -> StateUpdate:
    """What the browser at `path` is told in place of an event that does not pass."""
    logger.info("an event was refused: %s, %s, %s", event.name, error.code, error.field)
    return StateUpdate(events=Event.from_event_type(told(error, path)))


def admit(event: Event) -> None:
    """Let an event pass, its payload cleaned.

    Raises:
        SignInError, ForbiddenError: the person asking may not.
        BadInputError: the handler takes something else.
    """
    handler = RegistrationContext.get().event_handlers[event.name].handler
    right = needed(handler)
    if right is None:
        raise ForbiddenError("Pages do not do this.")
    rights.require(right)
    if handler.fn.__module__ != "reflex.state":
        payload = checked(handler, event.payload)
        event.payload.clear()
        event.payload.update(payload)


def failed(exception: Exception) -> EventSpec:
    """What a page says where a handler failed: the library's own words, else that the log knows."""
    words = INTERNAL
    if isinstance(exception, LibraryError):
        words = exception.message
    else:
        logger.error("a handler failed", exc_info=exception)
    said: EventSpec = rx.toast.error(words)
    return said


def told(error: LibraryError, path: str) -> Any:
    """How a page tells of it: who is not known may sign in and come back."""
    if isinstance(error, SignInError) and not path.startswith(SIGN_IN):
        return rx.redirect(f"{SIGN_IN}?next={quote(path, safe='/')}")
    return rx.toast.error(error.message)
