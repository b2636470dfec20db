"""The engine in its process: loaded in the background, all its work in the scheduler's thread."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from fastapi import Request

from inference_worker.engine.errors import EngineError
from inference_worker.engine.loading import Report
from inference_worker.engine.together import Shared
from inference_worker.events import unless_left
from inference_worker.refusals import NotReady
from inference_worker.requests import steering
from inference_worker.requests.engine import Engine, SaeOptions, load_engine
from inference_worker.requests.steering import SteerRequest, SteerResponse
from inference_worker.scheduler import Scheduler, Work
from inference_worker.tickets import ticket
from inference_worker.wire.state import Readiness
from memicos_app.settings import Settings

T = TypeVar("T")
_log = logging.getLogger(__name__)


class Worker:
    """The engine from its loading on, with the queue before it."""

    def __init__(self, settings: Settings, load: Callable[[Settings], Engine] | None = None) -> None:
        self._settings = settings
        self._load = load or partial(load_from, report=self._report)
        self._doing = "starting"
        self._engine: Engine | None = None
        self._failure = ""
        self.scheduler = Scheduler(settings.inference_queue)
        self.loaded = threading.Event()
        """Set when loading has ended, well or not."""

    async def load(self) -> None:
        """Load the engine in the model's thread; a failure is kept for `readiness`."""
        try:
            self._engine = await self.scheduler.run(lambda: self._load(self._settings))
        except Exception as error:
            self._failure = error.message if isinstance(error, EngineError) else f"{type(error).__name__}: {error}"
            _log.error("the model cannot be loaded: %s", self._failure)
        self.loaded.set()

    @property
    def engine(self) -> Engine:
        """The engine.

        Raises:
            NotReady: it is loading or could not be loaded.
        """
        if self._engine is not None:
            return self._engine
        if self._failure:
            raise NotReady(self._failure, None)
        raise NotReady(f"The model {self._settings.model_names[0]} is loading: {self._doing}.", 5)

    def _report(self, doing: str) -> None:
        self._doing = doing
        _log.info("%s", doing)

    def readiness(self) -> Readiness:
        """What can be asked for now."""
        engine = self._engine
        return Readiness(
            ready=engine is not None,
            state="ready" if engine else "failed" if self._failure else "loading",
            detail=self._failure if self._failure or engine else self._doing,
            model=self._settings.model_names[0],
            sources=engine.saes.sources() if engine else [],
            queue_length=self.scheduler.waiting,
            device=self._settings.device,
            dtype=self._settings.model_dtype,
        )

    async def answer(self, request: Request, function: Callable[[Engine], T]) -> T:
        """Run short work on the engine, unless the client leaves first."""
        engine = self.engine
        return await unless_left(request, self.scheduler.run(lambda: function(engine), ticket(request)))

    async def answer_shared(self, request: Request, function: Callable[[Engine], Shared[T]]) -> T:
        """The same for work in steps that may be shared with others'."""
        engine = self.engine
        return await unless_left(request, self.scheduler.finish(lambda: function(engine), ticket(request)))

    async def complete(self, request: Request, body: SteerRequest) -> Work[SteerResponse]:
        """Check a steering request, then queue its generation."""
        engine = self.engine
        completion = await self.answer(request, lambda engine: steering.prepare(engine, body))
        return self.scheduler.stream(
            lambda: steering.complete(engine, completion), ticket(request, rows=len(completion.rows))
        )


def load_from(settings: Settings, report: Report = lambda _: None) -> Engine:
    """The engine that the settings describe."""
    import torch

    torch.set_num_threads(settings.worker_threads or _threads())
    return load_engine(
        settings.weights_id,
        names=settings.model_names,
        report=report,
        models_dir=settings.models_dir,
        saes=SaeOptions(
            folders=[settings.sae_dir],
            own=[settings.user_saes_dir],
            sets=settings.sae_sets,
            include=settings.include_sae,
            exclude=settings.exclude_sae,
            budget=int(settings.sae_memory_gb * 1e9),
            keep_narrow=settings.sae_dtype == "stored",
        ),
        device=settings.device,
        dtype=settings.model_dtype,
        token_limit=settings.token_limit,
        max_completion_tokens=settings.max_completion_tokens,
    )


def _threads() -> int:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, (usable or 2) - 1)
