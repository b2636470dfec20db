"""How much is remembered of pages that nobody has open any more.

Reflex keeps what a page holds for an hour after its last event, so that a laptop which wakes up finds it again.
Somebody who opens page after page with a program would fill the memory that way; here only the last ones stay.
"""

from __future__ import annotations

import asyncio
from collections.abc import Container

import reflex as rx
from reflex.istate.manager.memory import StateManagerMemory

KEPT = 1000
"""Closed pages that are remembered, about 50 kB each."""
EVERY_S = 5.0


async def forgetting(app: rx.App) -> None:
    """Forget, for as long as the site runs, what is too much. What is kept in Redis ends there by itself."""
    manager, namespace = app.state_manager, app.event_namespace
    if not isinstance(manager, StateManagerMemory) or namespace is None:
        return
    while True:
        await asyncio.sleep(EVERY_S)
        forget(manager, namespace._token_manager.token_to_socket)


def forget(manager: StateManagerMemory, is_open: Container[str], kept: int = KEPT) -> int:
    """Forget all closed pages but the `kept` that were used last; how many were forgotten.

    Args:
        is_open: tokens of the pages that are connected.
    """
    closed = [
        (until, token)
        for until, token in manager._token_expires_at.values()
        if token.ident not in is_open and not _in_use(manager, token.lock_key)
    ]
    closed.sort(key=lambda one: one[0])
    gone = closed[: max(0, len(closed) - kept)]
    for _, token in gone:
        manager._purge_token(token)
    return len(gone)


def _in_use(manager: StateManagerMemory, key: str) -> bool:
    lock = manager._states_locks.get(key)
    return lock is not None and lock.locked()
