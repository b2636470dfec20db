"""The waiting line: bounded, interactive work before batch work, clients in turn."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from itertools import zip_longest
from typing import Any

from inference_worker.scheduler.work import Work

Fits = Callable[[Work[Any]], bool]


class Line:
    """Work that waits for its first step. Not safe between threads by itself."""

    def __init__(self) -> None:
        # Of each kind a queue a client; the client that was served last stands last.
        self._queues: dict[bool, OrderedDict[str, deque[Work[Any]]]] = {True: OrderedDict(), False: OrderedDict()}

    def __len__(self) -> int:
        return sum(len(queue) for queues in self._queues.values() for queue in queues.values())

    def __iter__(self) -> Iterator[Work[Any]]:
        """In the order in which they will be taken, if nobody else comes."""
        for queues in (self._queues[True], self._queues[False]):
            for round_ in zip_longest(*queues.values()):
                yield from (work for work in round_ if work is not None)

    def put(self, work: Work[Any]) -> None:
        """Behind what the same client has waiting."""
        self._queues[work.ticket.interactive].setdefault(work.ticket.client, deque()).append(work)

    def of(self, client: str) -> int:
        """How many of one client wait."""
        return sum(len(queues.get(client, ())) for queues in self._queues.values())

    def remove(self, work: Work[Any]) -> bool:
        """Take work out; whether it was here."""
        queues = self._queues[work.ticket.interactive]
        queue = queues.get(work.ticket.client, deque())
        if work not in queue:
            return False
        queue.remove(work)
        if not queue:
            del queues[work.ticket.client]
        return True

    def take(self, fits: Fits = lambda _: True) -> Work[Any] | None:
        """The next that fits; nobody is overtaken by work of the same client and kind."""
        passed: set[tuple[bool, str]] = set()
        for work in self:
            line = (work.ticket.interactive, work.ticket.client)
            if line not in passed and fits(work):
                self._serve(work)
                return work
            passed.add(line)
        return None

    def _serve(self, work: Work[Any]) -> None:
        self.remove(work)
        queues = self._queues[work.ticket.interactive]
        if work.ticket.client in queues:
            queues.move_to_end(work.ticket.client)
