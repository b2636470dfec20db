"""Pages over a real database with a small dataset; their states as Reflex makes them, without a browser."""

from __future__ import annotations

from typing import TypeVar

import reflex as rx

State = TypeVar("State", bound=rx.State)


async def state_of(kind: type[State]) -> State:
    """A fresh state of a page."""
    return await rx.State().get_state(kind)  # type: ignore[no-untyped-call, no-any-return]
