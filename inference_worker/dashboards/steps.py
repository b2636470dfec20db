"""How the steps of a run get done: in this process, shared with others that each hold the model, or over Ray."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager
from multiprocessing import get_context

from inference_worker.dashboards.encoder import Encoder
from inference_worker.dashboards.generation import Generation, GenerationError
from inference_worker.dashboards.work import Job, begin, step

Run = Callable[[str, Sequence[tuple[int, ...]]], Iterator[int]]
"""Does steps of a name, each with its arguments, and yields what each returned as it ends."""


def steps(settings: Generation, job: Job, encoder: Encoder) -> AbstractContextManager[Run]:
    """What does the steps of a run.

    Raises:
        GenerationError: Ray is asked for and not installed, or no cluster can be reached.
    """
    if not settings.ray:
        return _steps_here(settings.processes, job, encoder)
    try:
        from inference_worker.dashboards.ray_steps import ray_steps
    except ImportError as error:
        raise GenerationError(f"Ray is not installed: pip install 'memicos[ray]' ({error})") from error
    return ray_steps(job, settings.processes or None)


@contextmanager
def _steps_here(processes: int, job: Job, encoder: Encoder) -> Iterator[Run]:
    """Steps done here, and by the other processes of a run, which each hold the model and the SAE too."""
    begin(job, encoder)
    others = processes - 1
    if others == 0:
        yield lambda name, each: (step(name, arguments) for arguments in each)
        return
    with ProcessPoolExecutor(
        others, get_context("spawn"), initializer=begin, initargs=(job, None, os.getpid())
    ) as pool:
        yield lambda name, each: _shared(pool, others, name, each)


def _shared(pool: ProcessPoolExecutor, others: int, name: str, each: Sequence[tuple[int, ...]]) -> Iterator[int]:
    """Steps done here while others do theirs; each of them has one more ahead, so that none waits for this one."""
    waiting, sent = deque(each), set[Future[int]]()
    while waiting or sent:
        while waiting and len(sent) < 2 * others:
            sent.add(pool.submit(step, name, waiting.popleft()))
        if waiting:
            yield step(name, waiting.popleft())
        else:
            wait(sent, return_when=FIRST_COMPLETED)
        done = {one for one in sent if one.done()}
        sent -= done
        yield from (one.result() for one in done)
