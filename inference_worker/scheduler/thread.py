"""The model's thread: turn by turn, short work, a part of somebody's prompt, and a step that all texts share.

Nothing here knows what the work is. A turn is as long as these three together, and in each of them clients
take turns, so that nobody's text stands still because of another's.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, TypeVar

from inference_worker.engine.together import Together, results
from inference_worker.scheduler.errors import Busy, Expired, Stopped
from inference_worker.scheduler.line import Line
from inference_worker.scheduler.work import Ticket, Work

T = TypeVar("T")
I = TypeVar("I")  # noqa: E741

ROOM = 16
"""Texts that are written at once. Who has none of them gets one all the same, up to twice as many in all;
batch work only half."""
SHORT_TOGETHER, SHORT_SIZE = 8, 1024
"""Pieces of short work that share a computation, and their size together: characters, about 256 tokens."""
ALONE = 0.05
"""Seconds of a turn for steps that cannot be shared, such as reading prompts; at least one is made."""


class Scheduler:
    """The model's thread with its queue.

    Args:
        limit: how many may wait before `Busy` is raised; one client alone may hold three quarters of that.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._wake = threading.Condition()
        self._short, self._long = Line(), Line()
        self._running: deque[Work[Any]] = deque()
        self._closed = False
        self._seconds = 1.0
        self._thread = threading.Thread(target=self._serve, name="model", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def close(self, timeout: float = 5.0) -> None:
        """End the thread after the step in hand; what waits fails with `Stopped`."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        self._thread.join(timeout)

    @property
    def waiting(self) -> int:
        """How many wait for their first step."""
        return len(self._short) + len(self._long)

    @property
    def running(self) -> int:
        """How many generations have begun and not ended."""
        return len(self._running)

    async def run(self, function: Callable[[], T], ticket: Ticket = Ticket()) -> T:  # noqa: B008  (immutable)
        """Run short work between the steps of generations and return what it returns.

        Raises:
            Busy: the queue is full.
            Expired: its deadline passed before its turn came.
        """
        return await self._result(Work(self, partial(_once, Together(_call_each, function)), ticket))

    async def run_together(
        self,
        function: Callable[[Sequence[I]], Sequence[T | Exception]],
        item: I,
        ticket: Ticket = Ticket(),  # noqa: B008  (immutable)
        size: int = 1,
    ) -> T:
        """The same for work that shares its computation with whatever waits for the same function.

        Args:
            function: gets several items, also of other people, and gives for each its result or an exception.
                What waits while a turn runs is gathered for the next: nobody waits to be gathered.
            size: of the item; what is done at once is bounded by `SHORT_SIZE`.
        """
        return await self._result(
            Work(self, lambda: _once(Together(function, item)), ticket, kind=function, size=size)
        )

    def stream(
        self,
        begin: Callable[[], Iterator[Together | T]],
        ticket: Ticket = Ticket(),  # noqa: B008  (immutable)
    ) -> Work[T]:
        """Queue a generation; `begin` is called in the model's thread when its turn comes.

        Raises:
            Busy: the queue is full.
        """
        return self._enter(self._long, Work(self, begin, ticket))

    def position(self, work: Work[Any]) -> int:
        """Place of work among those of its kind that wait, from 1; 0 if it does not wait."""
        with self._wake:
            for line in (self._short, self._long):
                for place, other in enumerate(line, 1):
                    if other is work:
                        return place
        return 0

    def wake(self, work: Work[Any]) -> None:
        """Take cancelled work that waits out of the queue."""
        with self._wake:
            if not self._short.remove(work):
                self._long.remove(work)
            self._wake.notify()

    def took(self, seconds: float) -> None:
        """Learn how long work takes, for the guess of when to try again."""
        self._seconds += 0.2 * (seconds - self._seconds)

    async def _result(self, work: Work[T]) -> T:
        async with self._enter(self._short, work):
            async for result in work:
                return result
        raise Stopped

    def _enter(self, line: Line, work: Work[T]) -> Work[T]:
        with self._wake:
            if self._closed:
                raise Stopped
            client = work.ticket.client
            own = self._short.of(client) + self._long.of(client)
            if self.waiting >= self._limit or own >= -(-self._limit * 3 // 4):
                ahead = self.waiting
                raise Busy(ahead + 1, max(1.0, round(self._seconds * ahead / max(1, self.running), 1)))
            line.put(work)
            self._wake.notify()
        return work

    def _serve(self) -> None:
        while self._wait():
            self._drop()
            self._do_short()
            self._admit()
            self._go_on_alone()
            self._step_together()
            self._running = deque(work for work in self._running if not work.ended)
        for work in (*self._short, *self._long, *self._running):
            work.end(Stopped("The worker is stopping."))

    def _wait(self) -> bool:
        with self._wake:
            while not (self._closed or self.waiting or self._running):
                self._wake.wait()
            return not self._closed

    def _drop(self) -> None:
        """End what nobody waits for any more."""
        with self._wake:
            late = [work for line in (self._short, self._long) for work in line if work.ticket.expired]
            for work in late:
                self._short.remove(work) or self._long.remove(work)
        for work in (*late, *self._running):
            if work.cancelled:
                work.end(None)
            elif work.ticket.expired:
                work.end(Expired())

    def _do_short(self) -> None:
        with self._wake:
            first = self._short.take()
            works = (
                [first, *self._short.take_like(first, SHORT_TOGETHER - 1, SHORT_SIZE)] if first is not None else []
            )
        for work in works:
            work.go_on()
        _compute(works)
        for work in works:
            work.end(None)

    def _admit(self) -> None:
        with self._wake:
            while (work := self._long.take(self._fits)) is not None:
                self._running.append(work)

    def _fits(self, work: Work[Any]) -> bool:
        ours = [other.ticket for other in self._running if not other.ended]
        rows = sum(ticket.rows for ticket in ours) + min(work.ticket.rows, ROOM)
        if not ours or rows <= ROOM:
            return not ours or work.ticket.interactive or rows <= ROOM // 2
        has_none = all(ticket.client != work.ticket.client for ticket in ours)
        return work.ticket.interactive and has_none and rows <= 2 * ROOM

    def _go_on_alone(self) -> None:
        """Steps of work that waits for nothing shared; who was not served is first in the next turn."""
        end = time.monotonic() + ALONE
        for _ in range(len(self._running)):
            work = self._running[0]
            self._running.rotate(-1)
            if work.asked is None and not work.ended:
                work.go_on()
                if time.monotonic() > end:
                    return

    def _step_together(self) -> None:
        groups: dict[Any, list[Work[Any]]] = {}
        for work in self._running:
            if work.asked is not None:
                groups.setdefault(work.asked.function, []).append(work)
        for group in groups.values():
            _compute(group)
            for work in group:
                # What follows a shared step is to tell of it, and then to ask for the next or to end.
                if work.asked is None and not work.ended:
                    work.go_on()


def _compute(works: Sequence[Work[Any]]) -> None:
    """What all of them ask for, at once; each goes on with its part."""
    asking = [(work, work.asked) for work in works if work.asked is not None]
    if asking:
        found = results(asking[0][1].function, [asked.item for _, asked in asking])
        for (work, _), result in zip(asking, found, strict=True):
            work.go_on(result)


def _once(together: Together) -> Iterator[Any]:
    yield (yield together)


def _call_each(functions: Sequence[Callable[[], Any]]) -> list[Any]:
    return [function() for function in functions]
