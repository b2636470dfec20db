"""Whom the work in hand is done for: a name that tells visitors apart and says nothing else of them.

The line before the inference worker is fair between these names. One is set where a request of the API or an event
of a page comes in, and holds for all that is done for it.
"""

from __future__ import annotations

import hashlib
from contextvars import ContextVar

_name: ContextVar[str | None] = ContextVar("visitor", default=None)


def set_visitor(who: str) -> None:
    """What follows in this task is done for `who`: an address or a token, of which only a hash is kept."""
    _name.set(hashlib.blake2b(who.encode(), digest_size=8).hexdigest())


def visitor() -> str | None:
    """The visitor's name; None outside of requests and events."""
    return _name.get()
