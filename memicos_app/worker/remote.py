"""Workers that somebody else runs: asked in turn, by the model they serve, and left out while they are down."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import httpx
from pydantic import SecretStr, ValidationError

from inference_worker.client import WorkerClient, WorkerDown
from inference_worker.wire.base import SECRET_HEADER
from inference_worker.wire.state import Capabilities

_DOWN_FOR, _EVERY, _PATIENCE = 10.0, 5.0, 2.0
"""Seconds for which a worker that did not answer is left out, between two looks, and for one look."""


class RemoteWorkers:
    """Workers at addresses. With `watch`, what each serves is asked for again and again."""

    def __init__(self, urls: Sequence[str], secret: SecretStr) -> None:
        self._secret = secret.get_secret_value()
        self._clients = [WorkerClient(url, self._secret) for url in urls]
        self._turns: Iterator[WorkerClient] = itertools.cycle(self._clients)
        self._down: dict[str, float] = {}
        self._models: dict[str, list[str]] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="workers-watch", daemon=True)

    def watch(self) -> None:
        """Begin to look at them, in a thread."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopping.set()

    @property
    def models(self) -> list[str]:
        """Names of the models that are served, as far as they are known."""
        return list(dict.fromkeys(name for names in self._models.values() for name in names))

    def client(self, model: str | None = None) -> WorkerClient:
        """The next that is not known to be down and serves the model; where there is none, the next."""
        able = [client for client in self._clients if self._serves(client, model)] or self._clients
        for _ in self._clients:
            client = next(self._turns)
            if client in able and not self._is_down(client):
                return client
        return next(client for client in self._turns if client in able)

    @contextmanager
    def use(self, model: str | None) -> Iterator[WorkerClient]:
        """The same, remembered as down when it does not answer."""
        client = self.client(model)
        try:
            yield client
        except WorkerDown:
            self._down[client.base_url] = time.monotonic()
            raise

    def look(self) -> None:
        """Ask each once what it serves."""
        for client in self._clients:
            names = _served(client.base_url, self._secret)
            if names is None:
                self._down[client.base_url] = time.monotonic()
            else:
                self._down.pop(client.base_url, None)
                self._models[client.base_url] = names or self._models.get(client.base_url, [])

    def _watch(self) -> None:
        while not self._stopping.is_set():
            self.look()
            self._stopping.wait(_EVERY)

    def _serves(self, client: WorkerClient, model: str | None) -> bool:
        return model is None or model in self._models.get(client.base_url, [])

    def _is_down(self, client: WorkerClient) -> bool:
        return time.monotonic() - self._down.get(client.base_url, -_DOWN_FOR) < _DOWN_FOR


def _served(url: str, secret: str) -> list[str] | None:
    """Names of the models that a worker serves; empty: it does not say so yet; None: it does not answer."""
    try:
        with httpx.Client(base_url=url, headers={SECRET_HEADER: secret}, timeout=_PATIENCE, trust_env=False) as http:
            answer = http.get("/v1/capabilities")
        return Capabilities.model_validate_json(answer.content).models if answer.status_code == 200 else []
    except httpx.HTTPError:
        return None
    except ValidationError:
        return []
