"""The queue before the model: turns, limits, and work that ends when nobody waits for it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Generator, Iterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
import torch

from inference_worker.engine.errors import OutOfMemory
from inference_worker.engine.together import Shared, Together
from inference_worker.scheduler import Busy, Expired, Scheduler, Stopped, Ticket
from inference_worker.scheduler.thread import ROOM, SLICE
from tests.inference_worker import serving


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
        while not work.ended:
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
    running = [Steps() for _ in range(ROOM)]
    works = []
    for steps in running:
        works.append(scheduler.stream(steps))
        await asyncio.to_thread(_until_running, scheduler, steps, running)
    waiting = [scheduler.stream(Steps()) for _ in range(2)]
    assert [work.position for work in [*works, *waiting]] == [0] * ROOM + [1, 2]
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
    await asyncio.to_thread(serving.until, lambda: made._closed)
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


@asynccontextmanager
async def held_up(limit: int = 100) -> AsyncIterator[tuple[Scheduler, threading.Event]]:
    """A scheduler whose thread is busy until the event is set, so that a test decides who waits beside whom."""
    made, free, busy = Scheduler(limit), threading.Event(), threading.Event()
    made.start()

    def hold() -> None:
        busy.set()
        assert free.wait(5)

    holding = asyncio.ensure_future(made.run(hold, Ticket("the one who holds")))
    await asyncio.to_thread(busy.wait)
    yield made, free
    free.set()
    await holding
    await asyncio.to_thread(made.close)


async def test_clients_take_turns_however_many_each_has_waiting() -> None:
    order: list[str] = []
    async with held_up() as (scheduler, free):
        asked = [scheduler.run(lambda: order.append("many"), Ticket("many")) for _ in range(6)]
        asked += [scheduler.run(lambda: order.append("few"), Ticket("few")) for _ in range(2)]
        waiting = [asyncio.ensure_future(one) for one in asked]
        await asyncio.sleep(0.05)
        free.set()
        await asyncio.gather(*waiting)
    assert order == ["many", "few", "many", "few", "many", "many", "many", "many"]


async def test_batch_work_waits_for_everybody_else() -> None:
    order: list[str] = []
    async with held_up() as (scheduler, free):
        waiting = [
            asyncio.ensure_future(scheduler.run(lambda: order.append("batch"), Ticket(interactive=False))),
            asyncio.ensure_future(scheduler.run(lambda: order.append("interactive"), Ticket())),
        ]
        await asyncio.sleep(0.05)
        free.set()
        await asyncio.gather(*waiting)
    assert order == ["interactive", "batch"]


async def test_the_position_is_where_one_stands_among_all_clients() -> None:
    async with held_up() as (scheduler, _):
        first = [scheduler.stream(lambda: iter([1]), Ticket("a")) for _ in range(3)]
        later = scheduler.stream(lambda: iter([1]), Ticket("b"))
        batch = scheduler.stream(lambda: iter([1]), Ticket("b", interactive=False))
        assert [work.position for work in (*first, later, batch)] == [1, 3, 4, 2, 5]


async def test_one_client_cannot_fill_the_queue() -> None:
    async with held_up(limit=8) as (scheduler, _):
        for _ in range(6):
            scheduler.stream(lambda: iter([1]), Ticket("greedy"))
        with pytest.raises(Busy):
            scheduler.stream(lambda: iter([1]), Ticket("greedy"))
        for _ in range(2):
            scheduler.stream(lambda: iter([1]), Ticket("other"))
        with pytest.raises(Busy) as caught:
            scheduler.stream(lambda: iter([1]), Ticket("third"))
        assert caught.value.position == 9


async def test_what_has_the_same_function_is_done_at_once_and_each_gets_its_own_result() -> None:
    seen: list[int] = []

    def doubled(items: Sequence[int]) -> list[int | Exception]:
        seen.append(len(items))
        return [ValueError("three") if item == 3 else 2 * item for item in items]

    async with held_up() as (scheduler, free):
        waiting = [
            asyncio.ensure_future(scheduler.finish(partial(asked, doubled, item, 0.25), Ticket(str(item))))
            for item in range(20)
        ]
        await asyncio.sleep(0.05)
        free.set()
        found = await asyncio.gather(*waiting, return_exceptions=True)
    assert [one if isinstance(one, int) else str(one) for one in found] == [0, 2, 4, "three", *range(8, 40, 2)]
    assert seen == [16, 4]


def asked(function: Any, item: Any, size: float) -> Generator[Together, Any, Any]:
    """Short work of one shared step."""
    return (yield Together(function, item, size))


async def test_large_pieces_are_not_done_at_once() -> None:
    seen: list[int] = []

    def count(items: Sequence[int]) -> list[int]:
        seen.append(len(items))
        return list(items)

    async with held_up() as (scheduler, free):
        sizes = (2.0, 3.0, 1.5, 9.0)
        waiting = [asyncio.ensure_future(scheduler.finish(partial(asked, count, 0, size))) for size in sizes]
        await asyncio.sleep(0.05)
        free.set()
        await asyncio.gather(*waiting)
    assert seen == [2, 1, 1]


async def test_steps_of_several_generations_are_shared() -> None:
    together: list[int] = []

    def add_one(items: Sequence[int]) -> list[int]:
        together.append(len(items))
        time.sleep(0.002)
        return [item + 1 for item in items]

    def generation() -> Generator[int | Together, Any, None]:
        number = 0
        while number < 30:
            number = yield Together(add_one, number)
            yield number

    async def last(work: AsyncIterator[int]) -> int:
        *_, newest = [item async for item in work]
        return newest

    async with held_up() as (scheduler, free):
        works = [scheduler.stream(generation) for _ in range(2)]
        free.set()
        assert await asyncio.gather(*map(last, works)) == [30, 30]
    assert len(together) < 60
    assert max(together) == 2


async def test_no_step_is_begun_that_would_not_end_in_its_slice(scheduler: Scheduler) -> None:
    order: list[str] = []

    def part(items: Sequence[None]) -> Sequence[None]:
        time.sleep(0.6 * SLICE)
        order.append("part")
        return items

    def short() -> Shared[None]:
        for _ in range(4):
            yield Together(part, None)

    def token(items: Sequence[int]) -> list[int]:
        order.append("token")
        return [item + 1 for item in items]

    def generation() -> Generator[int | Together, Any, None]:
        number = 0
        while True:
            number = yield Together(token, number)
            yield number

    async with scheduler.stream(generation) as work:
        await anext(work)
        await scheduler.finish(short)
    between = "".join(one[0] for one in order).strip("t").split("p")[1:-1]
    assert len(between) == 3
    assert all(between), "a token between two parts, though two thirds of another part would fit"


async def test_a_client_with_nothing_running_is_let_in_beside_one_who_has_all() -> None:
    made = Scheduler(100)
    made.start()
    steps = [Steps() for _ in range(ROOM + 1)]
    works = [made.stream(one, Ticket("greedy")) for one in steps]
    await asyncio.to_thread(_until_running, made, steps[ROOM - 1], steps)
    other = Steps()
    works.append(made.stream(other, Ticket("other")))
    batch = made.stream(Steps(), Ticket("third", interactive=False))
    await asyncio.to_thread(_until_running, made, other, [*steps, other])
    assert [work.position for work in (works[0], works[ROOM], batch)] == [0, 1, 2]
    for work in (*works, batch):
        work.cancel()
    for one in (*steps, other):
        one.let(1000)
    await asyncio.to_thread(made.close)


async def test_what_is_too_late_is_refused_waiting_or_running(scheduler: Scheduler) -> None:
    closed = threading.Event()

    def endless() -> Iterator[int]:
        try:
            while True:
                time.sleep(0.001)
                yield 1
        finally:
            closed.set()

    began = threading.Event()
    running = scheduler.stream(endless, Ticket(deadline=time.monotonic() + 1))
    assert await anext(running) == 1
    with pytest.raises(Expired):
        await scheduler.run(began.set, Ticket(deadline=time.monotonic() - 1))
    with pytest.raises(Expired):
        await asyncio.wait_for(_drained(running), 10)
    assert closed.is_set()
    assert not began.is_set()


async def _drained(work: AsyncIterator[int]) -> None:
    async for _ in work:
        await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    "too_large",
    [lambda: torch.empty(1 << 60, dtype=torch.uint8), lambda: bytearray(1 << 62)],
    ids=["a tensor", "a string of bytes"],
)
async def test_memory_that_runs_out_fails_one_request_and_the_next_one_works(
    scheduler: Scheduler, too_large: Any
) -> None:
    def generation() -> Iterator[int]:
        yield 1
        too_large()

    with pytest.raises(OutOfMemory):
        await scheduler.run(too_large)
    async with scheduler.stream(generation) as work:
        assert await anext(work) == 1
        with pytest.raises(OutOfMemory):
            await anext(work)
    assert await scheduler.run(lambda: 1) == 1


async def test_memory_that_runs_out_for_all_together_suffices_for_each(scheduler: Scheduler) -> None:
    def read(items: Sequence[int]) -> list[int]:
        return [
            torch.empty(1 << 58, dtype=torch.uint8).numel() if len(items) > 1 or item == 2 else item for item in items
        ]

    def generation(item: int) -> Generator[int | Together, Any, None]:
        yield (yield Together(read, item))

    works = [scheduler.stream(lambda item=item: generation(item)) for item in (1, 2)]
    assert await anext(works[0]) == 1
    with pytest.raises(OutOfMemory):
        await anext(works[1])
