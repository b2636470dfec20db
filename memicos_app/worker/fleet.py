"""The workers beside this process, one a model: started when asked for, as memory allows, the least used one stopped.

A request never waits in here: while its model is being started it is refused with a sentence that says what is going
on, and asked again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from inference_worker.client import WorkerClient, WorkerDown, WorkerError
from inference_worker.wire.state import Readiness
from memicos_app.settings import Settings, configured
from memicos_app.worker.local import LocalWorker
from memicos_app.worker.sizes import memory_of, worker_size

_log = logging.getLogger(__name__)
_REST, _LONGEST_WAIT, _LOOK = 5.0, 60.0, 0.2
"""Seconds without a request after which a model may go; most that one asked for steadily may stay; between looks."""
_SHARE = 0.8
"""Of the memory that is free at the start, what workers may take."""


class Starting(WorkerDown):
    """The model's worker is not there yet; the sentence says what is going on."""


class Member:
    """One model that may be served here, and its worker while it runs."""

    def __init__(self, settings: Settings, *, is_default: bool) -> None:
        self.settings = settings if is_default else settings.model_copy(update={"inference_port": 0})
        self.names = settings.model_names
        self.log_name = "worker" if is_default else f"worker-{self.names[0]}"
        self.worker: LocalWorker | None = None
        self.in_use = 0
        self.last_use = 0.0
        self.waits_for = ""
        self._measured = 0

    @property
    def size(self) -> int | None:
        """Bytes that its worker takes: measured, or before it ever ran an estimate; None: nobody knows."""
        if self.worker is not None:
            self._measured = max(memory_of(self.worker.pid), self._measured)
        return max(self._measured, worker_size(self.settings) or 0) or None

    def sentence(self) -> str:
        """What is going on with it, when it does not answer."""
        name = self.names[0]
        if self.worker is not None:
            return self.worker.sentence
        if self.waits_for:
            return f"{name} waits for memory: {self.waits_for} is in use and will make room for it."
        return f"{name} is not in memory; it is started when it is asked for."


class Fleet:
    """The default model and those that INFERENCE_MODELS names, within WORKER_MEMORY_GB.

    Raises:
        SettingsFileError: a model's settings file is missing or wrong.
    """

    def __init__(self, settings: Settings) -> None:
        others = [configured(name) for name in settings.inference_models]
        same = [each for each in others if each.model_names[0] == settings.model_names[0]]
        self._default = Member(same[0] if same else settings, is_default=True)
        self._members = [self._default, *(Member(each, is_default=False) for each in others if each not in same)]
        self._budget = int(settings.worker_memory_gb * 1e9 or _SHARE * psutil.virtual_memory().available)
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._bringing: set[str] = set()

    def start(self) -> None:
        """Start the default model's worker."""
        self._bring(self._default)

    def stop(self) -> None:
        """Stop all of them."""
        self._stopping.set()
        with self._lock:
            for member in self._running():
                self._put_away(member)

    @property
    def models(self) -> list[str]:
        """Names of the models that can be asked for."""
        return [name for member in self._members for name in member.names]

    @contextmanager
    def use(self, model: str | None) -> Iterator[WorkerClient]:
        """The worker of a model, kept for as long as the context is open. A model that nobody knows: the default's.

        Raises:
            Starting: it is not there yet, and is being started.
        """
        member = self._of(model)
        member.last_use = time.monotonic()
        worker = member.worker
        if worker is None:
            self._bring(member)
            raise Starting(member.sentence())
        member.in_use += 1
        try:
            yield worker.client()
        finally:
            member.in_use -= 1
            member.last_use = time.monotonic()

    async def status(self, model: str | None = None) -> Readiness:
        """How a model's worker is, without starting it; of no model: the one used last. Never raises."""
        running = sorted(self._running(), key=lambda each: each.last_use)
        member = self._of(model) if model is not None or not running else running[-1]
        try:
            if member.worker is None:
                raise Starting(member.sentence())
            return await member.worker.client().ready()
        except WorkerError as error:
            return not_ready(member.names[0], "failed", error.problem.message)
        except WorkerDown:
            return not_ready(member.names[0], "starting", member.sentence())

    def client(self, model: str | None = None) -> WorkerClient:
        """The client of a model's worker as it is now; `use` starts it. Raises `Starting` where there is none."""
        member = self._of(model)
        if member.worker is None:
            raise Starting(member.sentence())
        return member.worker.client()

    def _of(self, model: str | None) -> Member:
        return next((member for member in self._members if model in member.names), self._default)

    def _running(self) -> list[Member]:
        return [member for member in self._members if member.worker is not None]

    def _bring(self, member: Member) -> None:
        """Start a member's worker in a thread, once there is room for it."""
        name = member.names[0]
        if name in self._bringing or self._stopping.is_set():
            return
        self._bringing.add(name)
        member.last_use = time.monotonic()
        threading.Thread(target=self._start_when_possible, args=(member,), name=f"start-{name}", daemon=True).start()

    def _start_when_possible(self, member: Member) -> None:
        try:
            with self._lock:
                self._make_room(member)
                if not self._stopping.is_set():
                    member.worker = LocalWorker(member.settings, member.log_name)
                    member.worker.start()
        finally:
            member.waits_for = ""
            self._bringing.discard(member.names[0])

    def _make_room(self, member: Member) -> None:
        """Stop the least recently used until the member fits; none that answers somebody at the moment."""
        began = time.monotonic()
        while not self._stopping.is_set() and (running := self._running()) and not self._fits(member):
            patience = _REST if time.monotonic() - began < _LONGEST_WAIT else 0.0
            now = time.monotonic()
            idle = [each for each in running if not each.in_use and now - each.last_use >= patience]
            if idle:
                self._put_away(min(idle, key=lambda each: each.last_use))
            else:
                member.waits_for = running[0].names[0]
                self._stopping.wait(_LOOK)

    def _fits(self, member: Member) -> bool:
        sizes = [each.size for each in (member, *self._running())]
        return all(sizes) and sum(size or 0 for size in sizes) <= self._budget

    def _put_away(self, member: Member) -> None:
        worker, member.worker = member.worker, None
        if worker is not None:
            _log.info("stopping the worker of %s", member.names[0])
            worker.stop()


def not_ready(model: str, state: str, detail: str) -> Readiness:
    """The state of a worker that does not say it itself."""
    return Readiness.model_validate({"ready": False, "state": state, "detail": detail, "model": model})
