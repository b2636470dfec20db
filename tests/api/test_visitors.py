"""The worker is told apart whom the site asks for, and nothing else of them."""

from __future__ import annotations

import httpx
import pytest
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from inference_worker.server import create_app
from inference_worker.wire.turns import CLIENT_HEADER
from memicos_app.api.app import api
from memicos_app.library.visitor import visitor
from tests.api.conftest import LOADING, using
from tests.inference_worker import serving

SEEN: list[str] = []


class Listener:
    """Notes for whom each request to the worker is."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/v1/tokenize":
            SEEN.append(Headers(scope=scope).get(CLIENT_HEADER, ""))
        await self.app(scope, receive, send)


async def test_each_address_is_a_client_of_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    app = create_app(serving.settings(), lambda _: serving.engine())
    app.add_middleware(Listener)
    with serving.served(app) as url:
        assert app.state.worker.loaded.wait(LOADING)
        async with using(url, monkeypatch):
            for address in ("192.0.2.1", "192.0.2.2", "192.0.2.1"):
                transport = httpx.ASGITransport(api, client=(address, 1))
                async with httpx.AsyncClient(transport=transport, base_url="http://site.example") as asking:
                    body = {"modelId": "smollm2-135m-it", "prompt": "energy"}
                    (await asking.post("/tokenize", json=body)).raise_for_status()
    first, second, again = SEEN
    assert first == again != second
    assert all(name and "192.0.2" not in name for name in SEEN)


def test_outside_of_requests_there_is_no_visitor() -> None:
    assert visitor() is None
