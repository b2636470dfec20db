"""The API over a real database with a small dataset, and over the real worker."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import httpx
import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI

from inference_worker.server import create_app
from memicos_app import worker as site_worker
from memicos_app.api.app import api
from memicos_app.library.accounts import passwords, person
from memicos_app.settings import get_settings
from tests.api import described
from tests.inference_worker import serving
from tests.mailbox import Mailbox, mail_server
from tests.people import site_with

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""Hashes in a test's time what the site hashes with care."""
LOADING = 180.0
"""Seconds that the model may take where other work keeps the machine busy."""


@pytest.fixture(scope="session")
def worker_app() -> FastAPI:
    """The worker with the real model."""
    return create_app(serving.settings(), lambda _: serving.engine())


@pytest.fixture(scope="session")
def served_worker(worker_app: FastAPI) -> Iterator[str]:
    """Its address."""
    with serving.served(worker_app) as url:
        assert worker_app.state.worker.loaded.wait(LOADING)
        yield url


@pytest.fixture
async def worker(served_worker: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """The site uses the running worker; its address."""
    async with using(served_worker, monkeypatch):
        yield served_worker


@pytest.fixture
async def no_worker(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """The site uses a worker that is not there."""
    async with using("http://127.0.0.1:9", monkeypatch):
        yield


@asynccontextmanager
async def using(address: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """The site in this process uses the worker at an address."""
    monkeypatch.setenv("INFERENCE_URLS", address)
    monkeypatch.setenv("INFERENCE_SERVER_SECRET", serving.SECRET)
    get_settings.cache_clear()
    await site_worker.start()
    try:
        yield
    finally:
        await site_worker.client().close()
        await site_worker.stop()
        get_settings.cache_clear()


@pytest.fixture
def client() -> httpx.AsyncClient:
    """A client of the API as the site mounts it; what fails inside is an answer, as over the network.

    Each answer is held against what its route says of it.
    """
    transport = httpx.ASGITransport(api, raise_app_exceptions=False)
    hooks = {"response": [described.holds]}
    return httpx.AsyncClient(transport=transport, base_url="http://site.example", event_hooks=hooks)


@pytest.fixture(scope="session")
def mail_server_process() -> Iterator[Mailbox]:
    """One mail server for all tests of signing in."""
    with mail_server() as box:
        yield box


@pytest.fixture
def mailbox(mail_server_process: Mailbox) -> Mailbox:
    """That server, empty."""
    mail_server_process.mails.clear()
    return mail_server_process


@pytest.fixture
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are hashed with less care."""
    monkeypatch.setattr(passwords, "_HASHER", QUICK)
    passwords._nobodys.cache_clear()


@pytest.fixture
def signing_site(
    database: str, mailbox: Mailbox, quick_hashes: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """A site that people sign in to, with a mail server."""
    with site_with(monkeypatch, person.OWNER, SMTP_URL=mailbox.url, PUBLIC_URL="https://site.example"):
        yield
