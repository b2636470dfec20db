"""The inference workers as the site sees them: started beside it, one a model, or running elsewhere.

`start()` and `stop()` belong to the life of the web process; `client()` and `status()` to everybody.
"""

from __future__ import annotations

import asyncio

from inference_worker.client import WorkerClient, WorkerDown, WorkerError
from inference_worker.wire.state import Readiness
from memicos_app.settings import get_settings
from memicos_app.worker.fleet import Fleet, Starting, not_ready
from memicos_app.worker.local import LocalWorker, address, free_port
from memicos_app.worker.remote import RemoteWorkers
from memicos_app.worker.routing import RoutedClient

__all__ = ["LocalWorker", "Starting", "address", "client", "free_port", "models", "start", "status", "stop"]

_workers: Fleet | RemoteWorkers | None = None


async def start() -> None:
    """Start the default model's worker beside this process, or take the ones that INFERENCE_URLS names."""
    global _workers
    settings = get_settings()
    if _workers is not None:
        return
    if settings.inference_urls:
        _workers = remote = RemoteWorkers(settings.inference_urls, settings.inference_server_secret)
        remote.watch()
        return
    _workers = fleet = Fleet(settings)
    fleet.start()


async def stop() -> None:
    """Stop what `start` started."""
    global _workers
    stopped, _workers = _workers, None
    if stopped is not None:
        await asyncio.to_thread(stopped.stop)


def client(model: str | None = None) -> WorkerClient:
    """A client whose requests go to the workers of their models. Without `start` here: to the settings' address.

    Args:
        model: for requests that name none; left out, the default model.
    """
    workers = _workers or _elsewhere()
    try:
        base_url = workers.client(model).base_url
    except WorkerDown:
        base_url = ""
    return RoutedClient(lambda asked: workers.use(asked or model), base_url)


async def status(model: str | None = None) -> Readiness:
    """Whether inference can be asked for, and if not, why. Never raises, and starts nothing."""
    workers = _workers or _elsewhere()
    if isinstance(workers, Fleet):
        return await workers.status(model)
    name = model or get_settings().model_names[0]
    try:
        return await workers.client(model).ready()
    except WorkerDown:
        return not_ready(name, "starting", "The inference worker does not answer yet.")
    except WorkerError as error:
        return not_ready(name, "failed", error.problem.message)


def models() -> list[str]:
    """Names of the models that a worker is there for, or can be started for."""
    return (_workers or _elsewhere()).models


def _elsewhere() -> RemoteWorkers:
    settings = get_settings()
    urls = settings.inference_urls or [address(settings.inference_host, settings.inference_port)]
    return RemoteWorkers(urls, settings.inference_server_secret)
