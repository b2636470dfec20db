"""A program of ours in a process beside this one: started, listened to, ended when its watch says so.

For work that brings torch or a compiler with it, or that holds a processor for long: neither the site nor a job
process should. The program tells JSON, a line a step, and ends by itself when the process that began it is gone.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from memicos_app.library import giving_way
from memicos_app.library.errors import LibraryError, UnavailableError
from memicos_app.library.watch import Watch
from memicos_app.settings import ROOT

_LOOK = 0.5
"""Seconds between two looks at whether to stop."""
_PATIENCE = 10.0
_LINES_KEPT = 12


class Refused(LibraryError):
    """The program ended without what it was asked for; the sentence is its own."""

    code = "refused"


async def run(module: str, arguments: Sequence[str], watch: Watch, *, name: str) -> dict[str, Any]:
    """Run `python -m module arguments --parent PID` in the project's folder; what it told last beside its steps.

    Args:
        name: what people call it, such as "The generator".

    Raises:
        Refused: it ended with an error; the sentence is what it wrote on stderr.
        UnavailableError: somebody killed it, such as a machine that is out of memory.
        Stopped: the watch asked for it.
    """
    told: dict[str, Any] = {}
    async with _running(module, arguments) as process:
        errors: deque[str] = deque(maxlen=_LINES_KEPT)
        listening = asyncio.create_task(_errors(process, errors))
        async for line in _lines(process, watch):
            told |= _told(line, watch)
        code = await process.wait()
        await listening
    if code < 0:
        raise UnavailableError(f"{name} was killed by signal {-code}: memory may be short.", retry_after=10)
    if code:
        raise Refused("\n".join(errors).strip() or f"{name} ended with {code} and said nothing.")
    return told


@asynccontextmanager
async def _running(module: str, arguments: Sequence[str]) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *arguments, "--parent", str(os.getpid())),
        cwd=ROOT,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        limit=1 << 20,
        start_new_session=True,
    )
    giving_way.put_behind(process.pid, giving_way.JOBS)
    try:
        yield process
    finally:
        if process.returncode is None:
            await _end(process)


async def _lines(process: Process, watch: Watch) -> AsyncIterator[str]:
    """What it writes, line by line, with a checkpoint in between."""
    assert process.stdout is not None
    reading = asyncio.create_task(process.stdout.readline())
    try:
        while True:
            await asyncio.wait({reading}, timeout=_LOOK)
            await watch.checkpoint()
            if not reading.done():
                continue
            line = reading.result()
            if not line:
                return
            yield line.decode("utf-8", "replace").strip()
            reading = asyncio.create_task(process.stdout.readline())
    finally:
        reading.cancel()


async def _errors(process: Process, kept: deque[str]) -> None:
    assert process.stderr is not None
    async for line in process.stderr:
        kept.append(line.decode("utf-8", "replace").rstrip())


def _told(line: str, watch: Watch) -> dict[str, Any]:
    """Pass on what a line tells; what is not about a step is the caller's."""
    found: Any = None
    with suppress(ValueError):
        found = json.loads(line)
    if not isinstance(found, dict):
        if line:
            watch.log(line)
        return {}
    if "stage" in found:
        watch.tell(found.pop("stage"), found.pop("done"), found.pop("total"), found.pop("unit"))
    return found


async def _end(process: Process) -> None:
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _PATIENCE)
    except TimeoutError:
        process.kill()
        await process.wait()
