"""One ticket: the job it names is begun, run by its kind, and ended in the way it went."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import httpx
import psycopg
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from memicos_app.jobs import holding, kinds
from memicos_app.jobs.holding import Ending, Held
from memicos_app.jobs.watching import JobWatch
from memicos_app.library.accounts import notifications, recognising
from memicos_app.library.errors import LibraryError, UnavailableError
from memicos_app.library.watch import Stopped

MOST_FAILURES = 6
FIRST_DELAY_S, LONGEST_DELAY_S = 2.0, 300.0
PASSING = (
    ConnectionError,
    TimeoutError,
    httpx.TransportError,
    OperationalError,
    InterfaceError,
    PoolTimeoutError,
    psycopg.OperationalError,
    psycopg.InterfaceError,
)
"""Failures of the net and of the database that may be gone a moment later."""
_GOOD_RUN_S = 600.0
"""A failure after so long a run does not follow upon the one before."""
_ENDING_PATIENCE_S = 60.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run went."""

    ending: Ending
    result: Mapping[str, Any] | None = None
    error: str = ""
    delay: float = 0.0
    failures: int = 0


async def run_ticket(job_id: int, ticket: int, holder: str, leaving: Callable[[], bool]) -> str | None:
    """Do what a ticket asks for; the job's state afterwards, or None where the ticket was void or the job lost."""
    held = await holding.begin(job_id, ticket, holder)
    if held is None:
        return None
    _log.info("job %d (%s %s) begins", held.id, held.kind, held.subject)
    await recognising.work_for(held.creator_id)
    watch = JobWatch(held, leaving)
    ended = await _run(held, watch)
    if watch.reason == "lost":
        return None
    state = await _end(held, watch, ended)
    notifications.soon(notifications.job_ended(held.id))
    _log.info("job %d (%s %s): %s", held.id, held.kind, held.subject, state or "taken up elsewhere")
    return state


async def _run(held: Held, watch: JobWatch) -> Ended:
    began = time.monotonic()
    try:
        async with watch.kept():
            await watch.checkpoint()
            return Ended("done", dict(await kinds.find(held.kind)(watch, held.arguments)))
    except (Stopped, asyncio.CancelledError):
        return Ended("stopped")
    except Exception as several:
        error = _one_of(several)
        if isinstance(error, Stopped):
            return Ended("stopped")
        return _failed(held, error, 0 if time.monotonic() - began > _GOOD_RUN_S else held.failures)


def _one_of(error: Exception) -> Exception:
    """What ended work that went on side by side: a stop before anything else, else what failed first."""
    if not isinstance(error, ExceptionGroup):
        return error
    inner = [_one_of(one) for one in error.exceptions]
    return next((one for one in inner if isinstance(one, Stopped)), inner[0])


def _failed(held: Held, error: Exception, failures: int) -> Ended:
    if isinstance(error, LibraryError) and not isinstance(error, UnavailableError):
        return Ended("failed", error=error.message)
    words = _words(error)
    if _may_pass(error) and failures + 1 < MOST_FAILURES:
        _log.warning("job %d failed for now: %s", held.id, words)
        return Ended("again", error=words, delay=_delay(failures, error), failures=failures + 1)
    _log.error("job %d failed", held.id, exc_info=error)
    return Ended("failed", error=words)


def _may_pass(error: Exception) -> bool:
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)
    return isinstance(error, (UnavailableError, *PASSING))


def _delay(failures: int, error: Exception) -> float:
    """Twice as long each time, with some chance in it, so that jobs that failed together do not come together."""
    asked = error.retry_after if isinstance(error, UnavailableError) and error.retry_after else 0.0
    return float(max(asked, min(FIRST_DELAY_S * 2.0**failures, LONGEST_DELAY_S)) * random.uniform(1, 1.25))


def _words(error: Exception) -> str:
    """A failure in one line; those that are no sentence say their kind."""
    if isinstance(error, LibraryError):
        return error.message
    said = " ".join(str(error).split())[:1000]
    return f"{type(error).__name__}: {said}." if said else f"{type(error).__name__}."


async def _end(held: Held, watch: JobWatch, ended: Ended) -> str | None:
    """Write the end, also when the database is away for a moment; what is never written is found by the sweep."""
    progress = watch.progress
    if ended.ending == "done":
        progress = replace(progress, done=progress.total or progress.done, rate=0.0)
    lines, deadline = watch.rest(), time.monotonic() + _ENDING_PATIENCE_S
    while True:
        try:
            return await holding.end(
                held,
                ended.ending,
                progress,
                lines,
                result=ended.result,
                error=ended.error,
                delay=ended.delay,
                failures=ended.failures,
            )
        except UnavailableError as error:
            if time.monotonic() > deadline:
                raise
            _log.warning("the end of job %d cannot be written yet: %s", held.id, error)
            await asyncio.sleep(1)
