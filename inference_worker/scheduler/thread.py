"""The model's thread: turn by turn, steps of short work, parts of prompts, and a step that all texts share.

Nothing here knows what the work is. A turn is as long as these three together, and in each of them clients
take turns, so that nobody's text stands still because of another's.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from inference_worker.engine.together import Shared, Steps, Together, results
from inference_worker.scheduler.errors import Busy, Expired, Stopped
from inference_worker.scheduler.line import Line
from inference_worker.scheduler.work import Ticket, Work

T = TypeVar("T")

ROOM = 16
"""Texts that are written at once. Who has none of them gets one all the same, up to twice as many in all;
batch work only half."""
DESK = 8
"""Pieces of short work that are under way at once. Who has none of them gets one all the same, up to twice as
many."""
IDLE = 4.0
"""Size of a shared step of short work while no texts are being written; else it is 1."""
SLICE = 0.05
"""Seconds of a turn for steps of short work, and for steps that cannot be shared; at least one of each is made, and
of short work no other one where one like the last would end later."""


class Scheduler:
    """The model's thread with its queue.

    Args:
        limit: how many may wait before `Busy` is raised; one client alone may hold three quarters of that.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._wake = threading.Condition()
        self._short, self._long = Line(), Line()
        self._desk: list[Work[Any]] = []
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
        """How many wait to be begun."""
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
        return await self.finish(lambda: _called(function), ticket)

    async def finish(
        self,
        begin: Callable[[], Shared[T]],
        ticket: Ticket = Ticket(),  # noqa: B008  (immutable)
    ) -> T:
        """The same for short work in steps, which are shared with others that wait for the same function.

        What waits while a turn runs is gathered for the next: nobody waits to be gathered.
        """
        async with self._enter(self._short, Work(self, lambda: _told(begin()), ticket)) as work:
            async for result in work:
                return result
        raise Stopped

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

    def require_idle(self) -> None:
        """Raises `Busy` where anybody is being served or waits."""
        if self.waiting or self._desk or self._running:
            raise self._busy()

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

    def _enter(self, line: Line, work: Work[T]) -> Work[T]:
        with self._wake:
            if self._closed:
                raise Stopped
            client = work.ticket.client
            own = self._short.of(client) + self._long.of(client)
            if self.waiting >= self._limit or own >= -(-self._limit * 3 // 4):
                raise self._busy()
            line.put(work)
            self._wake.notify()
        return work

    def _busy(self) -> Busy:
        ahead = self.waiting
        return Busy(ahead + 1, max(1.0, round(self._seconds * ahead / max(1, self.running), 1)))

    def _serve(self) -> None:
        while self._wait():
            self._drop()
            self._do_short()
            self._admit()
            self._go_on_alone()
            self._step_together()
            self._running = deque(work for work in self._running if not work.ended)
        for work in (*self._short, *self._long, *self._desk, *self._running):
            work.end(Stopped("The worker is stopping."))

    def _wait(self) -> bool:
        with self._wake:
            while not (self._closed or self.waiting or self._desk or self._running):
                self._wake.wait()
            return not self._closed

    def _drop(self) -> None:
        """End what nobody waits for any more."""
        with self._wake:
            late = [work for line in (self._short, self._long) for work in line if work.ticket.expired]
            for work in late:
                self._short.remove(work) or self._long.remove(work)
        for work in (*late, *self._desk, *self._running):
            if work.cancelled:
                work.end(None)
            elif work.ticket.expired:
                work.end(Expired())

    def _do_short(self) -> None:
        """Steps of short work; who was not served is first in the next turn."""
        end = time.monotonic() + SLICE
        while True:
            self._take_up()
            group = self._that_share()
            if not group:
                return
            began = time.monotonic()
            _compute(group)
            for work in group:
                _until_it_asks(work)
            others = [work for work in self._desk if work not in group]
            self._desk = [*others, *(work for work in group if not work.ended)]
            now = time.monotonic()
            if now + (now - began) > end:
                return

    def _take_up(self) -> None:
        with self._wake:
            taken = []
            while (work := self._short.take(self._has_place)) is not None:
                self._desk.append(work)
                taken.append(work)
        for work in taken:
            _until_it_asks(work)
        self._desk = [work for work in self._desk if not work.ended]

    def _has_place(self, work: Work[Any]) -> bool:
        has_none = all(other.ticket.client != work.ticket.client for other in self._desk)
        return len(self._desk) < (2 * DESK if has_none and work.ticket.interactive else DESK)

    def _that_share(self) -> list[Work[Any]]:
        """The first that is to be served, with others that wait for the same as long as it is not too much."""
        group: list[Work[Any]] = []
        first, room = None, 1.0 if self._running else IDLE
        for work in [work for work in self._desk if work.ticket.interactive] or self._desk:
            asked = work.asked
            if asked is not None and (first is None or (asked.function == first and asked.size <= room)):
                group.append(work)
                first, room = asked.function, room - asked.size
        return group

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
        end = time.monotonic() + SLICE
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


def _until_it_asks(work: Work[Any]) -> None:
    """On to the next computation that it waits for, or to its end."""
    while work.asked is None and not work.ended:
        work.go_on()


def _told(work: Shared[T]) -> Steps[T]:
    yield (yield from work)


def _called(function: Callable[[], T]) -> Shared[T]:
    result: T = yield Together(_Own(function), None)
    return result


@dataclass(frozen=True, slots=True, eq=False)
class _Own:
    """A computation that is shared with nobody."""

    function: Callable[[], Any]

    def __call__(self, items: Sequence[None]) -> list[Any]:
        return [self.function() for _ in items]
