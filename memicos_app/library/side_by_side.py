"""Both sides of a conversation at once, also after they have parted: each side then answers its own history."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TypeAlias

from inference_worker.wire.steering import SteerType
from memicos_app.library import steer_runs
from memicos_app.library.steering import ChatTurn, SteerRequest, SteerResult

Step: TypeAlias = "tuple[SteerType, SteerResult | Exception | None]"
"""What a side has written so far, why it failed, or None: that was all."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked of both sides."""

    request: SteerRequest
    """Its conversation is the steered side's."""
    default_chat: Sequence[ChatTurn] = ()
    """The unsteered side's conversation."""

    @property
    def parted(self) -> bool:
        """Whether the sides have different histories."""
        return bool(self.request.chat) and list(self.default_chat) != list(self.request.chat)


async def stream(wish: Wish, *, whole: bool = False) -> AsyncGenerator[SteerResult, None]:
    """Run both sides; yields the texts so far, and last the complete ones. As `steer_runs.stream`."""
    runs = _parted(wish, whole) if wish.parted else steer_runs.stream(wish.request, whole=whole)
    async with aclosing(runs) as results:
        async for result in results:
            yield result


async def complete(wish: Wish) -> SteerResult:
    """Run both sides to their end. Raises as `steer_runs.stream`."""
    async with aclosing(stream(wish)) as results:
        return [result async for result in results][-1]


async def _parted(wish: Wish, whole: bool) -> AsyncGenerator[SteerResult, None]:
    """The two runs beside each other; the newest of both after every step of either."""
    steps: asyncio.Queue[Step] = asyncio.Queue(maxsize=8)
    asked: dict[SteerType, SteerRequest] = {
        "DEFAULT": replace(wish.request, chat=wish.default_chat),
        "STEERED": wish.request,
    }
    tasks = [asyncio.create_task(_feed(side, request, steps, whole)) for side, request in asked.items()]
    latest: dict[SteerType, SteerResult] = {}
    running = len(tasks)
    try:
        while running:
            side, step = await steps.get()
            if isinstance(step, Exception):
                raise step
            if step is None:
                running -= 1
                continue
            latest[side] = step
            if len(latest) == len(tasks):
                yield _merged(latest["DEFAULT"], latest["STEERED"])
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _feed(side: SteerType, request: SteerRequest, steps: asyncio.Queue[Step], whole: bool) -> None:
    try:
        async with aclosing(steer_runs.stream(request, only=side, whole=whole)) as results:
            async for result in results:
                await steps.put((side, result))
        await steps.put((side, None))
    except Exception as error:
        await steps.put((side, error))


def _merged(default: SteerResult, steered: SteerResult) -> SteerResult:
    rates = [one.tokens_per_second for one in (default, steered)]
    known = [rate for rate in rates if rate is not None]
    return replace(steered, default=default.default, tokens_per_second=sum(known) if known else None)
