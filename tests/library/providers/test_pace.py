"""The pace of one key: side by side up to a width, narrower when the provider is busy, headers read as they are."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from memicos_app.library.providers.pace import WIDEST, Pace, asked_pause, pace, seconds_of


async def test_no_more_side_by_side_than_the_width() -> None:
    own = Pace()
    own.width = 3
    most = 0

    async def one() -> None:
        nonlocal most
        async with own.turn():
            most = max(most, own.busy)
            await asyncio.sleep(0.005)

    await asyncio.gather(*(one() for _ in range(12)))
    assert (most, own.busy) == (3, 0)


async def test_the_width_is_halved_and_grows_back() -> None:
    own = Pace()
    for _ in range(20):
        own.too_busy(0)
    assert own.width == 1, "never none"
    for _ in range(1000):
        own.went_well({})
    assert 30 < own.width <= WIDEST


async def test_a_place_is_given_back_when_its_call_fails_or_is_cancelled() -> None:
    own = Pace()
    own.width = 1
    with pytest.raises(ZeroDivisionError):
        async with own.turn():
            1 / 0  # noqa: B018
    async with own.turn():
        waiting = asyncio.create_task(_in_turn(own))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    await asyncio.wait_for(_in_turn(own), 1)


async def _in_turn(own: Pace) -> None:
    async with own.turn():
        pass


async def test_each_key_has_its_own() -> None:
    assert pace("openai", "a") is pace("openai", "a")
    assert pace("openai", "a") is not pace("openai", "b")


def test_retry_after() -> None:
    assert asked_pause({"retry-after": "7"}) == 7
    assert asked_pause({"retry-after-ms": "250", "retry-after": "7"}) == 0.25
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    assert 25 < asked_pause({"retry-after": soon}) <= 30
    for nothing in ("", "soon", "-3", "Thu, 01 Jan 1970 00:00:00 GMT"):
        assert asked_pause({"retry-after": nothing}) == 0


@pytest.mark.parametrize(
    ("text", "seconds"), [("1m30s", 90), ("250ms", 0.25), ("2h", 7200), ("0s", 0), ("", 0), ("x", 0), ("6.5s", 6.5)]
)
def test_spans(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds
