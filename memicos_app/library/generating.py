"""The dashboard generator as a process of its own: started, listened to, ended when its watch says so.

It brings torch and a model with it, which neither the site nor a job process should; what it has done lies in files,
so that one that was ended goes on when it is started again.
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
from pathlib import Path
from typing import Any

from memicos_app.library.errors import LibraryError, UnavailableError
from memicos_app.library.watch import Watch
from memicos_app.settings import ROOT

_LOOK = 0.5
"""Seconds between two looks at whether to stop."""
_PATIENCE = 10.0
_LINES_KEPT = 12


class GenerationFailed(LibraryError):
    """The generator ended without dashboards; the sentence is its own."""

    code = "generation_failed"


async def generate(arguments: Sequence[str], watch: Watch) -> Path:
    """Run `memicos generate` with these arguments; the folder of the dashboards.

    Raises:
        GenerationFailed: it cannot be done; the sentence says why.
        UnavailableError: somebody killed the generator, such as a machine that is out of memory.
        Stopped: the watch asked for it; started again it goes on.
    """
    async with _running(arguments) as process:
        errors: deque[str] = deque(maxlen=_LINES_KEPT)
        listening = asyncio.create_task(_errors(process, errors))
        folder = ""
        async for line in _lines(process, watch):
            folder = _told(line, watch) or folder
        code = await process.wait()
        await listening
    if code < 0:
        raise UnavailableError(f"The generator was killed by signal {-code}: memory may be short.", retry_after=10)
    if code or not folder:
        raise GenerationFailed("\n".join(errors).strip() or f"The generator ended with {code} and said nothing.")
    return Path(folder)


@asynccontextmanager
async def _running(arguments: Sequence[str]) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "memicos_app.cli", "generate", *arguments),
        *("--json-progress", "--parent", str(os.getpid())),
        cwd=ROOT,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        limit=1 << 20,
        start_new_session=True,
    )
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


def _told(line: str, watch: Watch) -> str:
    """Pass on what a line tells; the folder, once it is there."""
    found: Any = None
    with suppress(ValueError):
        found = json.loads(line)
    if not isinstance(found, dict):
        if line:
            watch.log(line)
        return ""
    if "stage" in found:
        watch.tell(found["stage"], found["done"], found["total"], found["unit"])
    return str(found.get("folder") or "")


async def _end(process: Process) -> None:
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _PATIENCE)
    except TimeoutError:
        process.kill()
        await process.wait()
