"""Waiting for a worker that is down, loading or busy, with what a person is told meanwhile."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from memicos_app.library.errors import UnavailableError

T = TypeVar("T")
PATIENCE, LONGEST_PAUSE = 180.0, 3.0
"""Seconds for which a page waits, and between two attempts."""


async def patiently(ask: Callable[[], Awaitable[T]], tell: Callable[[str], Awaitable[None]]) -> T:
    """What `ask` answers, as soon as it can; `tell` gets a sentence every time that it cannot yet.

    Raises:
        LibraryError: as `ask`; of unavailability only when patience ends.
    """
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return await ask()
        except UnavailableError as error:
            if time.monotonic() > end:
                raise
            await tell(f"{error.message} Your text is kept and searched as soon as it answers.")
            await asyncio.sleep(min(error.retry_after or 1.0, LONGEST_PAUSE))
