"""One thread that owns the model, and the queue before it.

Short work (a test, a tokenisation) and generations wait in one bounded queue. A generation runs a
step at a time; between two steps one piece of short work gets its turn, and several generations take
turns. Nothing here knows what the work is.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Generic, TypeVar

T = TypeVar("T")

CONCURRENT = 4
"""Generations that take turns; further ones wait."""


class Busy(Exception):
    """The queue is full. `position` is where the work would stand, `retry_after` a guess in seconds."""

    def __init__(self, position: int, retry_after: float) -> None:
        super().__init__(f"{position - 1} requests are waiting already.")
        self.position = position
        self.retry_after = retry_after


class Stopped(Exception):
    """The scheduler was closed before the work was done."""


class Work(Generic[T]):
    """Work in the queue, seen from the event loop: an async iterator over what it yields.

    Only the newest item is kept, so that a slow reader skips items and never the last. Leaving the
    `async with` ends the work, at the latest when the step in hand is done.
    """

    def __init__(self, scheduler: Scheduler, begin: Callable[[], Iterator[T]]) -> None:
        self._scheduler = scheduler
        self._begin = begin
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._news: list[T] = []
        self._error: BaseException | None = None
        self._ended = False
        self._iterator: Iterator[T] | None = None
        self._began: float | None = None
        self.cancelled = False

    @property
    def position(self) -> int:
        """Place in the queue, from 1; 0 once it runs."""
        return self._scheduler.position(self)

    async def __aenter__(self) -> Work[T]:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.cancel()

    def __aiter__(self) -> Work[T]:
        return self

    async def __anext__(self) -> T:
        while not self._news:
            if self._ended:
                raise self._error or StopAsyncIteration
            await self._changed.wait()
            self._changed.clear()
        return self._news.pop()

    def cancel(self) -> None:
        """End the work; it yields nothing more."""
        self.cancelled = True
        self._scheduler.wake(self)

    def step(self) -> bool:
        """Run one step in the model's thread; whether there are more."""
        if self.cancelled:
            self.end(None)
            return False
        try:
            if self._iterator is None:
                self._began = time.monotonic()
                self._iterator = self._begin()
            item = next(self._iterator)
        except StopIteration:
            self.end(None)
            return False
        except Exception as error:
            self.end(error)
            return False
        self._tell(item)
        return True

    def end(self, error: BaseException | None) -> None:
        """No more items will come."""
        close = getattr(self._iterator, "close", None)
        if close is not None:
            close()
        if self._began is not None:
            self._scheduler.took(time.monotonic() - self._began)
        self._call(self._set_end, error)

    def _tell(self, item: T) -> None:
        self._call(self._set_news, item)

    def _call(self, function: Callable[[Any], None], argument: Any) -> None:
        with suppress(RuntimeError):  # the loop has ended, and with it whoever waited
            self._loop.call_soon_threadsafe(function, argument)

    def _set_news(self, item: T) -> None:
        self._news = [item]
        self._changed.set()

    def _set_end(self, error: BaseException | None) -> None:
        self._error = error
        self._ended = True
        self._changed.set()


class Scheduler:
    """The model's thread with its queue.

    Args:
        limit: how many may wait before `Busy` is raised.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._wake = threading.Condition()
        self._short: deque[Work[Any]] = deque()
        self._long: deque[Work[Any]] = deque()
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

    async def run(self, function: Callable[[], T]) -> T:
        """Run short work between the steps of generations and return what it returns.

        Raises:
            Busy: the queue is full.
        """

        def once() -> Iterator[T]:
            yield function()

        async with self._enter(self._short, once) as work:
            async for result in work:
                return result
        raise Stopped

    def stream(self, begin: Callable[[], Iterator[T]]) -> Work[T]:
        """Queue a generation; `begin` is called in the model's thread when its turn comes.

        Raises:
            Busy: the queue is full.
        """
        return self._enter(self._long, begin)

    def position(self, work: Work[Any]) -> int:
        """Place of work among those of its kind that wait, from 1; 0 if it does not wait."""
        with self._wake:
            for queue in (self._short, self._long):
                if work in queue:
                    return queue.index(work) + 1
        return 0

    def wake(self, work: Work[Any]) -> None:
        """Take cancelled work that waits out of the queue."""
        with self._wake:
            for queue in (self._short, self._long):
                if work in queue:
                    queue.remove(work)
            self._wake.notify()

    def took(self, seconds: float) -> None:
        """Learn how long work takes, for the guess of when to try again."""
        self._seconds += 0.2 * (seconds - self._seconds)

    def _enter(self, queue: deque[Work[Any]], begin: Callable[[], Iterator[T]]) -> Work[T]:
        work = Work(self, begin)
        with self._wake:
            if self._closed:
                raise Stopped
            if self.waiting >= self._limit:
                raise Busy(self.waiting + 1, max(1.0, round(self._seconds * self.waiting / CONCURRENT, 1)))
            queue.append(work)
            self._wake.notify()
        return work

    def _serve(self) -> None:
        while self._wait():
            self._take_turns()
        for work in (*self._short, *self._long, *self._running):
            work.end(Stopped("The worker is stopping."))

    def _wait(self) -> bool:
        with self._wake:
            while not (self._closed or self._short or self._long or self._running):
                self._wake.wait()
            return not self._closed

    def _take_turns(self) -> None:
        with self._wake:
            short = self._short.popleft() if self._short else None
            while self._long and len(self._running) < CONCURRENT:
                self._running.append(self._long.popleft())
            long = self._running[0] if self._running else None
        if short is not None and short.step():
            short.end(None)
        if long is not None:
            going_on = long.step()
            with self._wake:
                self._running.popleft()
                if going_on:
                    self._running.append(long)
