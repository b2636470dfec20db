"""Whether a page was there before its socket broke off: what a person has done on it is kept then.

Reflex loads a page anew whenever its socket connects. That is right for pages that show what is stored, and wrong
where a person has built something that neither the address nor the database knows.
"""

from __future__ import annotations

import reflex as rx
from reflex.event import Event
from reflex.state import BaseState

_FIRST = "hashes"
"""What the browser sends along when it connects for the first time after the page was loaded."""


class PageLife(rx.State):
    """What is known of the page's earlier connections; set by `site/visitors.py`."""

    _alive: bool = False
    _rejoined: str = ""
    """Path of the page that has connected again and is about to be loaded."""


async def note_connection(state: BaseState, event: Event) -> None:
    """Take note of an event that a browser sends when it connects."""
    if not event.name.endswith(".hydrate_and_load"):
        return
    life = await state.get_state(PageLife)
    again = life._alive and _FIRST not in event.payload
    life._rejoined = state.router.url.path if again else ""
    life._alive = True


async def rejoins(state: rx.State) -> bool:
    """Whether the load of this page follows a broken connection; said once."""
    life = await state.get_state(PageLife)
    rejoined, life._rejoined = life._rejoined, ""
    return bool(rejoined) and rejoined == state.router.url.path
