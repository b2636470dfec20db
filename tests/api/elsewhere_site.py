"""A site whose people sign in elsewhere, and a browser that does it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from memicos_app.api.app import api
from memicos_app.library.accounts.person import OWNER
from tests.people import site_with


@contextmanager
def site(monkeypatch: pytest.MonkeyPatch, data_dir: Path, elsewhere: str, **settings: str) -> Iterator[None]:
    """An open site that may ask the server at `elsewhere`, with these settings."""
    settings |= {"DATA_DIR": str(data_dir), "OUTBOUND_ALLOW": urlsplit(elsewhere).netloc}
    with site_with(monkeypatch, OWNER, **settings):
        yield


def browser() -> httpx.AsyncClient:
    transport = httpx.ASGITransport(Starlette(routes=[Mount("/api", api)]), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="https://site.example")


async def agreed(client: httpx.AsyncClient, begin: str, **query: str) -> str:
    """Go there from `begin` and agree; the address that it sends the browser back to."""
    out = await client.get(begin, params=query)
    assert out.status_code == 303, out.text
    async with httpx.AsyncClient() as browsing:
        return (await browsing.get(out.headers["location"])).headers["location"]


async def who(client: httpx.AsyncClient) -> str | None:
    """The name of who is signed in."""
    name: str | None = (await client.post("/api/user/refresh")).json().get("name")
    return name
