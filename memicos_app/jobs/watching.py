"""The `Watch` of a job: what the work tells is written at most twice a second, what people wish is obeyed.

`tell` and `log` only remember, from any thread; one task writes. It also notices that the job is no longer ours, and
then ends the work at once, since another process does it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Literal

from memicos_app.jobs import holding
from memicos_app.jobs.holding import Held, Line, Progress
from memicos_app.jobs.rates import Rate
from memicos_app.library.watch import Level, Stopped

Reason = Literal["", "pause", "cancel", "leaving", "lost"]
_TURN_S, _QUIET_S = 0.5, 1.0
_LONGEST_LINE, _MOST_LINES = 4000, 20_000
_log = logging.getLogger(__name__)


class JobWatch:
    """Looks on while one job runs.

    Args:
        leaving: whether this process is about to end.
    """

    def __init__(self, held: Held, leaving: Callable[[], bool]) -> None:
        self._held, self._leaving = held, leaving
        self._rate = Rate()
        self._lines: deque[Line] = deque()
        self._said = 0
        self._wish = held.wish
        self._told = False
        self._lost = False
        self.progress = Progress()

    @property
    def reason(self) -> Reason:
        """Why the work has to stop; empty while it need not."""
        if self._lost:
            return "lost"
        if self._wish in ("pause", "cancel"):
            return "pause" if self._wish == "pause" else "cancel"
        return "leaving" if self._leaving() else ""

    def tell(self, step: str, done: float, total: float, unit: str = "") -> None:
        """How far the work is."""
        rate = self._rate.tell(step, done, time.monotonic())
        self.progress = Progress(step, float(done), float(total), unit, rate)
        self._told = True

    def log(self, text: str, level: Level = "info") -> None:
        """A line for the job's log; beyond many thousands only the last ones before a turn are kept."""
        self._said += 1
        if self._said == _MOST_LINES:
            text, level = "More lines than the log keeps: the rest is left out.", "warning"
        if self._said <= _MOST_LINES:
            self._lines.append(Line(datetime.now(UTC), text[:_LONGEST_LINE], level))

    async def checkpoint(self) -> None:
        """Let others have their turn; raises `Stopped` where somebody wishes it or the process ends."""
        await asyncio.sleep(0)
        if self.reason:
            raise Stopped(self.reason)

    def rest(self) -> list[Line]:
        """Lines that nobody has written yet."""
        lines = []
        while self._lines:
            lines.append(self._lines.popleft())
        return lines

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Write what is told for as long as the block lasts; end its task when the job is no longer ours."""
        work = asyncio.current_task()
        assert work is not None
        writer = asyncio.create_task(self._keep(work), name=f"watch of job {self._held.id}")
        try:
            yield
        finally:
            writer.cancel()
            await asyncio.wait({writer})
            if not writer.cancelled():
                writer.result()

    async def _keep(self, work: asyncio.Task[object]) -> None:
        quiet = 0.0
        while True:
            await asyncio.sleep(_TURN_S)
            quiet += _TURN_S
            if not (self._told or self._lines or quiet >= _QUIET_S):
                continue
            quiet = 0.0
            if not await self._write():
                self._lost = True
                _log.warning("job %d is no longer ours: another process has taken it up", self._held.id)
                work.cancel()
                return

    async def _write(self) -> bool:
        """Whether the job is still ours."""
        progress, self._told = (self.progress if self._told else None), False
        lines = self.rest()
        try:
            wish = await holding.news(self._held, progress, lines)
        except Exception as error:  # whatever it was, the next turn tries again: the work must not go on unseen
            _log.warning("job %d: nothing could be written: %s", self._held.id, error)
            self._lines.extendleft(reversed(lines))
            self._told = self._told or progress is not None
            return True
        self._wish = wish or ""
        return wish is not None
