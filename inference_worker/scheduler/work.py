"""One piece of work, seen from both sides: the event loop waits for its items, the model's thread makes them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from inference_worker.engine.exhaustion import fault
from inference_worker.engine.together import Together

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ticket:
    """Who asks, and how urgently."""

    client: str = ""
    interactive: bool = True
    """Before work of which nobody watches the outcome."""
    deadline: float | None = None
    """Of `time.monotonic`; afterwards nobody waits for it any more."""
    rows: int = 1
    """Texts that are written at once."""

    @property
    def expired(self) -> bool:
        """Whether the deadline has passed."""
        return self.deadline is not None and time.monotonic() > self.deadline


class Owner(Protocol):
    """What work asks of the scheduler that has it."""

    def position(self, work: Work[Any]) -> int: ...

    def wake(self, work: Work[Any]) -> None: ...

    def took(self, seconds: float) -> None: ...


class Work(Generic[T]):
    """Work in the queue, seen from the event loop: an async iterator over what it yields.

    Only the newest item is kept, so that a slow reader skips items and never the last. Leaving the
    `async with` ends the work, at the latest when the step in hand is done.

    Args:
        owner: the scheduler.
        begin: makes the steps, in the model's thread.
    """

    def __init__(
        self,
        owner: Owner,
        begin: Callable[[], Iterator[Together | T]],
        ticket: Ticket = Ticket(),
    ) -> None:
        self.ticket = ticket
        self.cancelled = False
        self.ended = False
        """Nothing more is done for it."""
        self.asked: Together | None = None
        """The computation that it waits for and that may be shared."""
        self._owner, self._begin = owner, begin
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._news: list[T] = []
        self._error: BaseException | None = None
        self._told_end = False
        self._steps: Any = None
        self._began: float | None = None

    @property
    def position(self) -> int:
        """Place in the queue, from 1; 0 once it runs."""
        return self._owner.position(self)

    async def __aenter__(self) -> Work[T]:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.cancel()

    def __aiter__(self) -> Work[T]:
        return self

    async def __anext__(self) -> T:
        while not self._news:
            if self._told_end:
                raise self._error or StopAsyncIteration
            await self._changed.wait()
            self._changed.clear()
        return self._news.pop()

    def cancel(self) -> None:
        """End the work; it yields nothing more."""
        self.cancelled = True
        self._owner.wake(self)

    def go_on(self, result: Any = None) -> None:
        """In the model's thread: until it tells something, asks for a shared computation, or ends.

        Args:
            result: of what it asked for; an exception is raised inside it.
        """
        self.asked = None
        try:
            found = self._next(result)
        except StopIteration:
            self.end(None)
        except Exception as error:
            self.end(fault(error))
        else:
            if isinstance(found, Together):
                self.asked = found
            else:
                self._call(self._set_news, found)

    def end(self, error: BaseException | None) -> None:
        """In the model's thread: no more items will come."""
        if self.ended:
            return
        self.ended, self.asked = True, None
        close = getattr(self._steps, "close", None)
        if close is not None:
            close()
        self._steps = None
        if self._began is not None:
            self._owner.took(time.monotonic() - self._began)
        self._call(self._set_end, error)

    def _next(self, result: Any) -> Any:
        if self._steps is None:
            self._began = time.monotonic()
            self._steps = self._begin()
        if isinstance(result, Exception):
            return self._steps.throw(result)
        return next(self._steps) if result is None else self._steps.send(result)

    def _call(self, function: Callable[[Any], None], argument: Any) -> None:
        with suppress(RuntimeError):  # the loop has ended, and with it whoever waited
            self._loop.call_soon_threadsafe(function, argument)

    def _set_news(self, item: T) -> None:
        self._news = [item]
        self._changed.set()

    def _set_end(self, error: BaseException | None) -> None:
        self._error = error
        self._told_end = True
        self._changed.set()
