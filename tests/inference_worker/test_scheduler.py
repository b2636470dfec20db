"""The queue before the model: turns, limits, and work that ends when nobody waits for it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator

import pytest

from inference_worker.scheduler import CONCURRENT, Busy, Scheduler, Stopped


@pytest.fixture
async def scheduler() -> AsyncIterator[Scheduler]:
    made = Scheduler(limit=2)
    made.start()
    yield made
    await asyncio.to_thread(made.close)


class Steps:
    """Work whose steps a test lets through one by one, and that knows whether it was ended."""

    def __init__(self, number: int = 1_000) -> None:
        self.number = number
        self.done = 0
        self.entered, self.closed = threading.Event(), threading.Event()
        self._gate = threading.Semaphore(0)

    def let(self, steps: int = 1) -> None:
        self._gate.release(steps)

    def __call__(self) -> Iterator[int]:
        try:
            while self.done < self.number:
                self.entered.set()
                assert self._gate.acquire(timeout=5)
                self.done += 1
                yield self.done
        finally:
            self.closed.set()


async def test_short_work_gives_its_result_from_the_models_thread(scheduler: Scheduler) -> None:
    assert await scheduler.run(lambda: threading.current_thread().name) == "model"


async def test_failures_come_to_whoever_waits(scheduler: Scheduler) -> None:
    def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await scheduler.run(fail)
    assert await scheduler.run(lambda: 1) == 1


async def test_a_stream_yields_its_steps_and_ends(scheduler: Scheduler) -> None:
    async with scheduler.stream(lambda: iter([1, 2, 3])) as work:
        seen = [item async for item in work]
    assert seen[-1] == 3


async def test_a_stream_that_fails_says_so_after_what_it_had(scheduler: Scheduler) -> None:
    def begin() -> Iterator[int]:
        yield 1
        raise ValueError("on the way")

    async with scheduler.stream(begin) as work:
        assert await anext(work) == 1
        with pytest.raises(ValueError, match="on the way"):
            await anext(work)


async def test_a_slow_reader_gets_the_newest_item(scheduler: Scheduler) -> None:
    async with scheduler.stream(lambda: iter(range(1000))) as work:
        while not work._ended:
            await asyncio.sleep(0.001)
        assert [item async for item in work] == [999]


async def test_short_work_runs_between_two_steps(scheduler: Scheduler) -> None:
    steps = Steps()
    async with scheduler.stream(steps):
        await asyncio.to_thread(steps.entered.wait)
        short = asyncio.ensure_future(scheduler.run(lambda: steps.done))
        await asyncio.sleep(0.02)
        assert not short.done()
        steps.let(1)
        assert await asyncio.wait_for(short, 5) == 1
        steps.let(1000)


async def test_several_streams_take_turns(scheduler: Scheduler) -> None:
    order: list[str] = []

    def begin(name: str) -> Iterator[int]:
        for number in range(3):
            order.append(name)
            yield number

    blocker = Steps()
    async with scheduler.stream(blocker):
        await asyncio.to_thread(blocker.entered.wait)
        async with scheduler.stream(lambda: begin("a")) as a, scheduler.stream(lambda: begin("b")) as b:
            blocker.let(1000)
            async for _ in a:
                pass
            async for _ in b:
                pass
    assert order == ["a", "b", "a", "b", "a", "b"]


async def test_a_full_queue_says_where_one_would_stand_and_when_to_come_back(scheduler: Scheduler) -> None:
    running = [Steps() for _ in range(CONCURRENT)]
    works = []
    for steps in running:
        works.append(scheduler.stream(steps))
        await asyncio.to_thread(_until_running, scheduler, steps, running)
    waiting = [scheduler.stream(Steps()) for _ in range(2)]
    assert [work.position for work in [*works, *waiting]] == [0] * CONCURRENT + [1, 2]
    with pytest.raises(Busy) as caught:
        await scheduler.run(lambda: None)
    assert caught.value.position == 3
    assert caught.value.retry_after >= 1
    waiting[0].cancel()
    assert waiting[1].position == 1
    short = asyncio.ensure_future(scheduler.run(lambda: "there is room again"))
    for work in [*works, waiting[1]]:
        work.cancel()
    for steps in running:
        steps.let(1000)
    assert await asyncio.wait_for(short, 5) == "there is room again"


def _until_running(scheduler: Scheduler, steps: Steps, all_steps: list[Steps]) -> None:
    while not steps.done:
        for each in all_steps:
            each.let(1)
        threading.Event().wait(0.005)


async def test_leaving_a_stream_ends_its_work_after_the_step_in_hand(scheduler: Scheduler) -> None:
    steps = Steps()
    async with scheduler.stream(steps) as work:
        steps.let(1)
        assert await anext(work) == 1
    steps.let(1)
    assert await asyncio.to_thread(steps.closed.wait, 5)
    assert steps.done <= 2
    assert await scheduler.run(lambda: 1) == 1


async def test_work_that_is_cancelled_while_it_waits_never_begins(scheduler: Scheduler) -> None:
    blocker, never = Steps(), threading.Event()
    async with scheduler.stream(blocker):
        await asyncio.to_thread(blocker.entered.wait)
        waiting = asyncio.ensure_future(scheduler.run(never.set))
        await asyncio.sleep(0.01)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert scheduler.waiting == 0
        blocker.let(1000)
    assert await scheduler.run(lambda: 1) == 1
    assert not never.is_set()


async def test_closing_ends_all_that_waits() -> None:
    made = Scheduler(limit=5)
    made.start()
    steps = Steps()
    work = made.stream(steps)
    await asyncio.to_thread(steps.entered.wait)
    waiting = asyncio.ensure_future(made.run(lambda: None))
    closing = asyncio.ensure_future(asyncio.to_thread(made.close))
    await asyncio.sleep(0.05)
    steps.let(1)
    await closing
    for pending in (anext(_after(work)), waiting):
        with pytest.raises(Stopped):
            await pending
    assert steps.closed.is_set()
    with pytest.raises(Stopped):
        await made.run(lambda: None)


async def _after(work: AsyncIterator[int]) -> AsyncIterator[int]:
    async for _ in work:
        pass
    yield 0
