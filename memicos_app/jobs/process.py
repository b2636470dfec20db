"""A job process: takes tickets, runs them side by side, looks after jobs left alone, heals with the database.

Any number of these work on one database, on one machine or several.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

from procrastinate import JobContext
from procrastinate.worker import Worker

from memicos_app.db import queue, session
from memicos_app.jobs import recovery
from memicos_app.jobs.presence import Presence
from memicos_app.jobs.running import run_ticket
from memicos_app.library import jobs
from memicos_app.library.job_views import SILENT_S
from memicos_app.settings import get_settings

_POLL_S, _SWEEP_S, _BEAT_S = 1.0, 1.0, 2.0
_CLEAN_S = 3600.0
_IDLE_CHECK_S = 0.2
_LEAVING_S = 5.0
"""Seconds that work gets to reach a checkpoint when the process ends."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 10.0
_log = logging.getLogger(__name__)


class _Tickets(Worker):
    """procrastinate's worker that says when it stops taking tickets, whatever the reason."""

    ending = False

    def stop(self) -> None:
        self.ending = True
        super().stop()  # type: ignore[no-untyped-call]


class JobProcess:
    """What runs jobs in this process.

    Args:
        at_once: how many jobs run side by side.
        drain: end as soon as nothing more is to be done.
    """

    def __init__(self, at_once: int, *, drain: bool = False) -> None:
        self._at_once, self._drain = at_once, drain
        self._leaving = asyncio.Event()
        self._tickets: _Tickets | None = None

    def leave(self) -> None:
        """Take no more jobs, let those that run stop at a checkpoint, and end."""
        self._leaving.set()
        if self._tickets is not None:
            self._tickets.stop()

    async def serve(self) -> None:
        """Work until `leave`; while the database is away, wait for it."""
        pause = _FIRST_PAUSE_S
        while not self._leaving.is_set():
            began = time.monotonic()
            try:
                await self._work()
            except Exception as error:  # whatever parted us from the database: the next round connects anew
                _log.warning("jobs stopped: %s; going on in %.1f s", error.__cause__ or error, pause)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._leaving.wait(), pause)
            pause = _FIRST_PAUSE_S if time.monotonic() - began > 60 else min(2 * pause, _LONGEST_PAUSE_S)

    async def _work(self) -> None:
        """One connected stretch: ends when told to, when drained, or when the connection is lost."""
        app = queue.app()
        async with app.open_async():
            presence = Presence(get_settings().data_dir)
            direct = not (await asyncio.to_thread(session.target)).pooled
            tickets: _Tickets = _Tickets(
                app=app,
                queues=[queue.QUEUE],
                concurrency=self._at_once,
                listen_notify=direct,
                fetch_job_polling_interval=_POLL_S,
                update_heartbeat_interval=_BEAT_S,
                stalled_worker_timeout=3 * SILENT_S,
                shutdown_graceful_timeout=_LEAVING_S,
                delete_jobs="always",
                install_signal_handlers=False,
                additional_context={"holder": presence.name, "leaving": lambda: tickets.ending},
            )
            _register()
            try:
                async with _beside(_sweep(presence)), _beside(self._leave_when_idle()):
                    await self._run(tickets)
            finally:
                self._tickets = None
                presence.leave()

    async def _run(self, tickets: _Tickets) -> None:
        """Take tickets until told to stop; nothing is awaited between the look at the wish and the run."""
        self._tickets = tickets
        if not self._leaving.is_set():
            await tickets.run()  # type: ignore[no-untyped-call]

    async def _leave_when_idle(self) -> None:
        while self._drain:
            if not await jobs.jobs(states=("waiting", "running"), limit=1):
                self.leave()
                return
            await asyncio.sleep(_IDLE_CHECK_S)


def _register() -> None:
    """The one task there is: look at the job that the ticket names."""
    app = queue.app()
    if queue.TASK in app.tasks:
        return

    @app.task(name=queue.TASK, queue=queue.QUEUE, pass_context=True)
    async def job(context: JobContext, job_id: int) -> str | None:
        assert context.job.id is not None
        more = context.additional_context
        return await run_ticket(job_id, context.job.id, more["holder"], more["leaving"])


@asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Other work for as long as the block lasts."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})
        if not task.cancelled():
            task.result()


async def _sweep(presence: Presence) -> None:
    cleaned = time.monotonic() - _CLEAN_S
    while True:
        if time.monotonic() - cleaned >= _CLEAN_S:
            cleaned = time.monotonic()
            await _forget_old()
        await _swept(presence)
        await asyncio.sleep(_SWEEP_S)


async def _swept(presence: Presence) -> None:
    try:
        await recovery.sweep(presence)
    except Exception as error:  # the next one looks again
        _log.warning("jobs that were left alone could not be looked for: %s", error)


async def _forget_old() -> None:
    try:
        await jobs.clean(get_settings().jobs_keep_days)
    except Exception as error:
        _log.warning("old jobs could not be forgotten: %s", error)


def run(at_once: int, *, drain: bool = False) -> None:
    """A job process in this process, until SIGTERM or SIGINT."""
    asyncio.run(_run(at_once, drain))


async def _run(at_once: int, drain: bool) -> None:
    process = JobProcess(at_once, drain=drain)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError):  # Windows: Ctrl-C ends the process, and its jobs are taken up again
            loop.add_signal_handler(number, process.leave)
    try:
        await process.serve()
    finally:
        await session.dispose()
