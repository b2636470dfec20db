"""How fast one provider is asked: what it says of its limits counts for every call with the same key.

The number of calls side by side is halved when the provider is too busy and grows by one with each round of answers.
One process at a time: two of them share no pace, and both obey what the provider says.
"""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

WIDEST = 64
LONGEST_PAUSE_S = 30.0
LONGEST_OBEYED_S = 120.0
"""A provider that wants to be left alone for longer is not waited for."""
FIRST_PAUSE_S = 0.5
_PARTS = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


class Pace:
    """The turns of the calls with one key."""

    def __init__(self) -> None:
        self.width = float(WIDEST)
        self.busy = 0
        self._not_before = 0.0
        self._changed = asyncio.Condition()

    @property
    def wait_s(self) -> float:
        """Seconds until the provider may be asked again."""
        return max(0.0, self._not_before - time.monotonic())

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a place and for the moment from which the provider may be asked again."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.busy < max(1, int(self.width)))
            self.busy += 1
        try:
            while wait := self.wait_s:
                await asyncio.sleep(wait + random.uniform(0, 0.1 * wait))
            yield
        finally:
            self.busy -= 1
            async with self._changed:
                self._changed.notify_all()

    def went_well(self, headers: Mapping[str, str]) -> None:
        """An answer came; what it says of the room that is left is obeyed."""
        self.width = min(self.width + 1 / self.width, float(WIDEST))
        if headers.get("x-ratelimit-remaining-requests") == "0":
            self._hold_off(seconds_of(headers.get("x-ratelimit-reset-requests", "")))

    def too_busy(self, asked_s: float) -> None:
        """The provider wants less; `asked_s`: after how long it wants to be asked again."""
        self.width = max(1.0, self.width / 2)
        self._hold_off(asked_s)

    def _hold_off(self, seconds: float) -> None:
        self._not_before = max(self._not_before, time.monotonic() + min(seconds, LONGEST_OBEYED_S))


_paces: dict[tuple[asyncio.AbstractEventLoop, str, str], Pace] = {}


def pace(provider: str, key: str) -> Pace:
    """The pace of a provider's key on this event loop."""
    loop = asyncio.get_running_loop()
    for old in [known for known in _paces if known[0].is_closed()]:
        del _paces[old]
    return _paces.setdefault((loop, provider, key), Pace())


def asked_pause(headers: Mapping[str, str]) -> float:
    """Seconds that `Retry-After` asks for, as a number or a date; 0 where it does not."""
    if (text := headers.get("retry-after-ms", "")).strip().isdecimal():
        return int(text) / 1000
    text = headers.get("retry-after", "").strip()
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return 0.0


def seconds_of(text: str) -> float:
    """Seconds of a span such as `1m30s` or `250ms`."""
    return sum(float(number) * _SECONDS[unit] for number, unit in _PARTS.findall(text))


def pause(attempt: int) -> float:
    """Seconds before try number `attempt` (the second is 1): doubled each time, with chance in it."""
    return min(FIRST_PAUSE_S * 2.0 ** (attempt - 1), LONGEST_PAUSE_S) * random.uniform(0.5, 1.0)
