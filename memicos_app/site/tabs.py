"""How pages that nobody has open any more are remembered.

Reflex keeps what a page holds for an hour after its last event, so that a laptop which wakes up finds it again. Here
a closed page is folded up soon: a thousand of them as objects would hold up all others for half a second whenever the
collector of garbage walks through them. Somebody who opens page after page with a program would still fill the memory
that way; so only the last ones stay.
"""

from __future__ import annotations

import asyncio
import logging
import pickle
import time
import zlib
from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from typing import Any

import reflex as rx
from reflex.istate import HANDLED_PICKLE_ERRORS
from reflex.istate.manager.memory import StateManagerMemory
from reflex.istate.manager.token import TOKEN_TYPE, StateToken
from reflex.state import BaseState

KEPT = 1000
"""Closed pages that are remembered, some 10 kB each."""
EVERY_S = 5.0
REST_S = 10.0
"""Seconds without an event after which a closed page is folded up: one that is only reloaded is back before."""
logger = logging.getLogger(__name__)


@dataclass
class Pages(StateManagerMemory):
    """What pages hold, in memory: as objects while they are in use, folded up once they are closed."""

    folded: dict[str, bytes] = field(default_factory=dict)
    """By cache key."""
    unfoldable: set[str] = field(default_factory=set)
    """Keys of which that was said once."""

    def fold(self, token: StateToken[Any]) -> None:
        """Keep what a page holds as compressed bytes, until it is asked for. What can't be folded stays."""
        root = self.states.get(token.cache_key)
        if not isinstance(root, BaseState):
            return
        held = {name: values for name, state in _tree(root) if (values := vars(state))}
        try:
            packed = zlib.compress(pickle.dumps(held), level=1)
        except (*HANDLED_PICKLE_ERRORS, RecursionError) as error:
            if token.cache_key not in self.unfoldable:
                logger.warning("A closed page stays as it is: %s", error)
                self.unfoldable.add(token.cache_key)
            return
        expires = self._token_expires_at[token.cache_key]
        self._purge_token(token)
        self.folded[token.cache_key], self._token_expires_at[token.cache_key] = packed, expires

    def _purge_token(self, token: StateToken[Any]) -> None:
        self.folded.pop(token.cache_key, None)
        self.unfoldable.discard(token.cache_key)
        super()._purge_token(token)

    def _get_or_create_state(self, token: StateToken[TOKEN_TYPE]) -> TOKEN_TYPE:
        state = super()._get_or_create_state(token)
        packed = self.folded.pop(token.cache_key, None)
        if packed is not None and isinstance(state, BaseState):
            held = pickle.loads(zlib.decompress(packed))
            for name, one in _tree(state):
                vars(one).update(held.get(name, {}))
        return state


def _tree(state: BaseState) -> Iterator[tuple[str, BaseState]]:
    """A state and all below it, with their full names."""
    yield state.get_full_name(), state
    for below in state.substates.values():
        yield from _tree(below)


def remember(app: rx.App) -> None:
    """Let the app keep its pages this way, unless Redis keeps them."""
    if type(app.state_manager) is StateManagerMemory:
        # Its base is abstract by overloads alone, which not every run of mypy forgives.
        pages: Any = Pages
        app._state_manager = pages()


async def forgetting(app: rx.App) -> None:
    """Fold up and forget, for as long as the site runs. What is kept in Redis ends there by itself."""
    manager, namespace = app.state_manager, app.event_namespace
    if not isinstance(manager, Pages) or namespace is None:
        return
    is_open = namespace._token_manager.token_to_socket
    while True:
        await asyncio.sleep(EVERY_S)
        forget(manager, is_open)
        for token in resting(manager, is_open, REST_S):
            manager.fold(token)
            await asyncio.sleep(0)


def forget(manager: StateManagerMemory, is_open: Container[str], kept: int = KEPT) -> int:
    """Forget all closed pages but the `kept` that were used last; how many were forgotten.

    Args:
        is_open: tokens of the pages that are connected.
    """
    remembered = manager._token_expires_at.values()
    closed = sorted((one for one in remembered if _is_closed(manager, one[1], is_open)), key=lambda one: one[0])
    gone = closed[: max(0, len(closed) - kept)]
    for _, token in gone:
        manager._purge_token(token)
    return len(gone)


def resting(manager: Pages, is_open: Container[str], rest_s: float) -> Iterator[StateToken[Any]]:
    """Closed pages that are not folded up and had no event for so many seconds.

    Each is looked at when its turn comes, as somebody may have opened it meanwhile.
    """
    before = time.time() + manager.token_expiration - rest_s
    for key in list(manager.states):
        until, token = manager._token_expires_at.get(key, (before + 1, None))
        if token is not None and until <= before and _is_closed(manager, token, is_open):
            yield token


def _is_closed(manager: StateManagerMemory, token: StateToken[Any], is_open: Container[str]) -> bool:
    lock = manager._states_locks.get(token.lock_key)
    return token.ident not in is_open and not (lock is not None and lock.locked())
