"""Several models behind one address: each request goes to the worker of the model that it names."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import orjson
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from inference_worker.addresses import Addresses
from inference_worker.guard import Guard
from inference_worker.server import create_app
from memicos_app.settings import Settings, config_file, configured

MODEL_HEADER = "serve_multiplexed_model_id"
"""Names the model before the body is read, so that Ray can choose a replica that has it in memory."""
REPLICA_HEADER = "X-Replica"


class RunningWorker:
    """A worker's application with its model's thread running."""

    def __init__(self, settings: Settings) -> None:
        self.app = create_app(settings)
        self._lifespan = self.app.router.lifespan_context(self.app)

    async def start(self) -> RunningWorker:
        """Load the model; where it cannot be loaded, the application says so to every request."""
        await self._lifespan.__aenter__()
        await asyncio.to_thread(self.app.state.worker.loaded.wait)
        return self

    def __del__(self) -> None:
        """Ray deletes the model that was used least when another one needs its place."""
        self.app.state.worker.scheduler.close()


class Dispatcher:
    """ASGI application that hands each request to the worker of its model.

    Args:
        models: what requests call a model, and what `worker` knows it by. The first one answers what names none of
            these.
        worker: the running worker of a model, loaded if it must be.
        name: told in every answer as `X-Replica`.
    """

    def __init__(
        self, models: Mapping[str, str], worker: Callable[[str], Awaitable[RunningWorker]], name: str = ""
    ) -> None:
        self._models = models
        self._first = next(iter(models.values()))
        self._worker = worker
        self._name = name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        model, receive = await self._model(scope, receive)
        running = await self._worker(model)
        await running.app(scope, receive, self._named(send))

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        """The first model is loaded before the replica takes requests."""
        while (message := await receive())["type"] != "lifespan.shutdown":
            if message["type"] == "lifespan.startup":
                await self._worker(self._first)
                await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})

    async def _model(self, scope: Scope, receive: Receive) -> tuple[str, Receive]:
        asked = Headers(scope=scope).get(MODEL_HEADER, "")
        if not asked and scope["method"] == "POST" and len(self._models) > 1:
            body, receive = await _read(receive)
            asked = _model_in(body)
        return self._models.get(asked, self._first), receive

    def _named(self, send: Send) -> Send:
        async def named(message: Message) -> None:
            if message["type"] == "http.response.start" and self._name:
                MutableHeaders(raw=message["headers"])[REPLICA_HEADER] = self._name
            await send(message)

        return named


def settings_of(model: str) -> Settings:
    """A model's settings: of its file `.env.inference.{model}` where there is one, else with it as `MODEL_ID`."""
    if config_file(model).is_file():
        return configured(model)
    return Settings(model_id=model) if model else Settings()


def guarded(dispatcher: Dispatcher, settings: Settings) -> ASGIApp:
    """The dispatcher behind the secret and the limit of bodies: nobody else makes a replica load a model."""
    secret = settings.inference_server_secret.get_secret_value()
    return Addresses(_Lifespan(dispatcher, Guard(dispatcher, secret)))


class _Lifespan:
    """Lets the server's start and end through to the dispatcher itself."""

    def __init__(self, dispatcher: Dispatcher, guard: Guard) -> None:
        self._dispatcher = dispatcher
        self._guard = guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app: ASGIApp = self._guard if scope["type"] == "http" else self._dispatcher
        await app(scope, receive, send)


async def _read(receive: Receive) -> tuple[bytes, Receive]:
    """The whole body, and a `receive` that tells of it once more; the guard has bounded it."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    first = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return first.pop() if first else await receive()

    return body, again


def _model_in(body: bytes) -> str:
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    names = [content.get(name) for name in ("model", "modelId", "model_id")] if isinstance(content, dict) else []
    return next((name for name in names if isinstance(name, str)), "")
