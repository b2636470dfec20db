"""Steps of a run over a Ray cluster: each actor holds the model and does what another process would, byte for byte.

An actor that sees the run's folder works in it. One on a machine that does not share the disk works in a mirror: it
is sent the files that it lacks, and what it makes is sent back and kept here, so that a run that is killed goes on.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import ray
import torch
from ray.exceptions import RayActorError

from inference_worker.dashboards.generation import GenerationError
from inference_worker.dashboards.manifest import FOLDERS
from inference_worker.dashboards.steps import Run
from inference_worker.dashboards.work import Job, Worker

_MARK = "ray-mark"
_OBJECT_STORE = 1 << 30
"""Bytes of shared memory where Ray is started here."""
Files = dict[str, Any]
"""References to contents by name, relative to the run's folder."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a step counted, and the files that it made where they are not in place already."""

    count: int
    made: dict[str, bytes]


class StepWorker:
    """What runs on a node: a worker in the run's folder, or in a mirror of it.

    Args:
        mark: what a file of the run's folder holds, for whoever sees it.
    """

    def __init__(self, job: Job, mark: str) -> None:
        torch.set_num_threads(job.threads)
        self._mirror = not _sees(job, mark)
        self._folder = Path(tempfile.mkdtemp(prefix="memicos-run-")) if self._mirror else job.folder
        for name in FOLDERS:
            (self._folder / name).mkdir(parents=True, exist_ok=True)
        self._worker = Worker(replace(job, folder=self._folder, sae=self._folder / "sae") if self._mirror else job)

    def is_mirror(self) -> bool:
        """Whether files have to be sent to and fro."""
        return self._mirror

    def step(self, name: str, arguments: Sequence[int], files: Files) -> Done:
        """Do a step; `files` are all that there are, of which those not here yet are fetched."""
        for path, content in files.items() if self._mirror else ():
            self._fetch(self._folder / path, content)
        before = self._files() if self._mirror else set()
        count: int = getattr(self._worker, name)(*arguments)
        made = self._files() - before if self._mirror else set()
        return Done(count, {str(path.relative_to(self._folder)): path.read_bytes() for path in made})

    def close(self) -> None:
        """Remove the mirror."""
        if self._mirror:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _fetch(self, path: Path, content: Any) -> None:
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(ray.get(content))

    def _files(self) -> set[Path]:
        return {path for path in self._folder.rglob("*") if path.is_file()}


@contextmanager
def ray_steps(job: Job, workers: int | None, *, mirrors: int = 0) -> Iterator[Run]:
    """Steps done by actors on the cluster of RAY_ADDRESS, or on one that is started here.

    Args:
        workers: actors; None: as many as the cluster has cores for.
        mirrors: actors that work in a mirror in any case, as if they did not share this disk.

    Raises:
        GenerationError: no cluster can be reached, or all actors died.
    """
    started = _connect()
    actors: list[Any] = []
    mark = secrets.token_hex()
    (job.folder / _MARK).write_text(mark)
    try:
        actors = _actors(job, workers, mark, mirrors)
        yield _Steps(job, actors).run
    finally:
        (job.folder / _MARK).unlink(missing_ok=True)
        for actor in actors:
            with suppress(RayActorError):
                ray.get(actor.close.remote())
            ray.kill(actor)
        if started:
            ray.shutdown()


def _connect() -> bool:
    """Join a cluster; whether this started it."""
    if ray.is_initialized():
        return False
    # Ray says at each start that this will change one day; what it changes does not concern actors without GPUs.
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": "error"}
    if not os.environ.get("RAY_ADDRESS"):
        options |= {"address": "local", "include_dashboard": False, "object_store_memory": _OBJECT_STORE}
    try:
        ray.init(**options)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise GenerationError(f"No Ray cluster can be reached: {str(error).splitlines()[0]}") from error
    return True


def _actors(job: Job, workers: int | None, mark: str, mirrors: int) -> list[Any]:
    gpus = 1 if job.device.startswith("cuda") else 0
    cores = job.threads
    there = ray.cluster_resources()
    most = int(there.get("GPU", 0)) if gpus else int(there.get("CPU", 1)) // cores
    count = workers or max(1, most)
    # More than fit at once would wait for ever: they share the cores there are.
    share = min(float(cores), there.get("CPU", 1.0) / count)
    kind = ray.remote(num_cpus=share, num_gpus=gpus)(StepWorker)
    return [kind.remote(job, "" if number < mirrors else mark) for number in range(count)]


class _Steps:
    """Hands steps to actors as they get free; one whose actor died is done by another."""

    def __init__(self, job: Job, actors: Sequence[Any]) -> None:
        self._job, self._idle = job, deque(actors)
        self._sent: Files = {}
        self._sends = any(ray.get([actor.is_mirror.remote() for actor in actors]))

    def run(self, name: str, each: Sequence[tuple[int, ...]]) -> Iterator[int]:
        """Do steps of a name, and yield what each counted as it ends."""
        waiting, busy = deque(each), dict[Any, tuple[Any, tuple[int, ...]]]()
        files = self._files() if self._sends else {}
        while waiting or busy:
            while waiting and self._idle:
                actor, arguments = self._idle.popleft(), waiting.popleft()
                busy[actor.step.remote(name, arguments, files)] = actor, arguments
            if not busy:
                raise GenerationError("All of Ray's workers died; the same command goes on from here")
            ended = ray.wait(list(busy), num_returns=1)[0][0]
            actor, arguments = busy.pop(ended)
            try:
                done: Done = ray.get(ended)
            except RayActorError:
                waiting.append(arguments)
                continue
            self._idle.append(actor)
            self._keep(done.made)
            yield done.count

    def _files(self) -> Files:
        """All that steps may need, put where actors can fetch it; each file once."""
        folder = self._job.folder
        needed = {path.relative_to(folder): path for path in folder.rglob("*") if path.is_file()}
        needed = {name: path for name, path in needed.items() if name.parts[0] not in ("source", "lock", _MARK)}
        needed |= {Path("sae") / path.name: path for path in self._job.sae.iterdir() if path.is_file()}
        for name, path in needed.items():
            if str(name) not in self._sent:
                self._sent[str(name)] = ray.put(path.read_bytes())
        return dict(self._sent)

    def _keep(self, made: dict[str, bytes]) -> None:
        """Put what was made elsewhere in place, by rename; the file of features says that a batch is complete."""
        for name in sorted(made, key=lambda name: ("/features/" in name, name)):
            path = self._job.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = path.with_name(f".{path.name}.{os.getpid()}")
            partial.write_bytes(made[name])
            partial.rename(path)


def _sees(job: Job, mark: str) -> bool:
    try:
        return bool(mark) and (job.folder / _MARK).read_text() == mark
    except OSError:
        return False
