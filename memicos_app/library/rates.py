"""How much anybody may ask for in an hour, so that one person's load does not become everybody's.

The hour slides: what was asked in the hour before counts by the share of it that still lies within sixty minutes.
Counting is one statement of Postgres, which locks the row it counts in: exact however many ask at once, and shared by
all processes of a site. A person's keys and sessions count together; who is not known is counted by address, and all
who come from one address together have tenfold.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from memicos_app.library import tracing
from memicos_app.library.accounts import rights
from memicos_app.library.accounts.person import person
from memicos_app.library.errors import LibraryError
from memicos_app.library.query import rows_in, writing
from memicos_app.library.visitor import address, is_near
from memicos_app.settings import get_settings

AN_HOUR = 3600.0
MANY_AT_ONE_ADDRESS = 10
DEFAULTS = {
    "activation": 1000,
    "explain": 120,
    "explanation-search": 200,
    "request": 36000,
    "score": 120,
    "search-all": 1600,
    "search-topk": 500,
    "search-contrast": 500,
    "steer": 240,
    "tokenize": 1200,
    "upload": 1000,
    "vector": 120,
    "write": 600,
}
"""Requests an hour; RATE_LIMITS changes them."""
EVERY = "request"
"""Any request of the API and any event of a page; see `take_request`."""
BLOCK, MOST_AHEAD = 50, 10_000
_ahead: dict[str, int] = {}
"""Requests that this process has counted for an address and not yet seen: one statement for many of them."""
_COUNT = """
INSERT INTO rate_windows AS w (kind, asker, begun, used, before)
VALUES (:kind, :asker, to_timestamp(floor(extract(epoch FROM clock_timestamp()) / 3600) * 3600), :many, 0)
ON CONFLICT (kind, asker) DO UPDATE SET
  before = CASE WHEN w.begun >= excluded.begun THEN w.before
                WHEN w.begun >= excluded.begun - interval '1 hour' THEN w.used ELSE 0 END,
  used = CASE WHEN w.begun >= excluded.begun THEN w.used + :many ELSE :many END,
  begun = greatest(w.begun, excluded.begun)
WHERE :most > CASE
  WHEN w.begun >= excluded.begun
    THEN w.used + w.before * (1 - extract(epoch FROM clock_timestamp() - w.begun) / 3600)
  WHEN w.begun >= excluded.begun - interval '1 hour'
    THEN w.used * (1 - extract(epoch FROM clock_timestamp() - excluded.begun) / 3600)
  ELSE 0 END
RETURNING used, before, extract(epoch FROM clock_timestamp() - begun)::float8 AS seconds
"""
_READ = """
SELECT used, before, extract(epoch FROM clock_timestamp() - begun)::float8 AS seconds
FROM rate_windows WHERE kind = :kind AND asker = :asker
"""
_FORGET = "DELETE FROM rate_windows WHERE begun < clock_timestamp() - interval '2 hours' RETURNING kind"
_CHANCE_TO_FORGET = 0.002


class RateLimited(LibraryError):
    """This was asked for as often as it may be."""

    code = "too_many"
    status = 429


@dataclass(frozen=True, slots=True)
class Window:
    """How much was asked in the running hour of the clock and in the one before, `seconds` after it began."""

    used: int
    before: int
    seconds: float

    def left(self, most: int) -> int:
        """How many more may be asked now."""
        share = max(0.0, 1 - self.seconds / AN_HOUR)
        return max(0, int(most - self.used - self.before * share))

    def wait(self, most: int) -> float:
        """Seconds until one more may be asked."""
        if self.used >= most:  # the next hour begins with all of these counting, and each moment with fewer
            return max(1.0, AN_HOUR - self.seconds + AN_HOUR * (1 - (most - 1) / self.used))
        if not self.before:
            return 1.0
        return max(1.0, AN_HOUR * (1 - (most - self.used - 1) / self.before) - self.seconds)


def most_of(kind: str) -> int:
    """How many requests of a kind are let through in an hour; 0: any number."""
    changes = get_settings().rate_limits
    if "off" in changes or rights.mode() == "single":
        return 0
    changed = dict(each.split("=", 1) for each in changes if "=" in each)
    return int(changed.get(kind, DEFAULTS[kind]))


async def take(kind: str) -> None:
    """Count one request of a kind for whoever asks; commands, jobs and a site for one are not counted.

    Raises:
        RateLimited: there were as many within an hour as there may be; `retry_after` says when there may be one more.
    """
    most = most_of(kind)
    who = person()
    if not most or who.way == "machine":
        return
    at = _at()
    if who.id is not None:
        await _take(kind, f"person:{who.id}", most)
        await _take(kind, f"{at}:together", most * MANY_AT_ONE_ADDRESS)
    else:
        await _take(kind, at, most)


async def take_request() -> None:
    """Count a request of whatever kind for the address it comes from, a block at once. Raises `RateLimited`."""
    most, at = most_of(EVERY), _at()
    if not most or is_near():
        return
    if _ahead.get(at, 0) < 1:
        if len(_ahead) >= MOST_AHEAD:
            _ahead.clear()
        block = max(1, min(BLOCK, most // 10))
        await _take(EVERY, at, most, block)
        _ahead[at] = _ahead.get(at, 0) + block
    _ahead[at] -= 1


def _at() -> str:
    return f"address:{address()}"


async def _take(kind: str, asker: str, most: int, many: int = 1) -> None:
    async with writing() as session:
        counted = await rows_in(session, _COUNT, kind=kind, asker=asker, most=most, many=many)
        found = counted or await rows_in(session, _READ, kind=kind, asker=asker)
        if random.random() < _CHANCE_TO_FORGET:
            await rows_in(session, _FORGET)
        await session.commit()
    window = Window(**found[0])
    wait = 0.0 if counted else window.wait(most)
    if kind != EVERY and not asker.endswith(":together"):
        tracing.tell(rate_headers(most, window, wait))
    if not counted:
        minutes = max(1, round(wait / 60))
        raise RateLimited(
            f"Only {most} of these may be asked in an hour; the next one in about {minutes} min.", retry_after=wait
        )


def rate_headers(most: int, window: Window, wait: float) -> dict[str, str]:
    """How an answer tells what is left."""
    return {
        "RateLimit-Limit": str(most),
        "RateLimit-Remaining": str(window.left(most)),
        "RateLimit-Reset": str(round(wait or AN_HOUR - window.seconds)),
    }
