"""Fixtures for every room: a real Postgres of our own for the run, and databases made from a migrated template."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import tempfile
from collections import Counter
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hypothesis
import psutil
import psycopg
import pytest
from hypothesis.internal.conjecture import providers
from xdist.remote import Producer

from memicos_app.db import migrate, session
from memicos_app.db.embedded import EmbeddedPostgres
from memicos_app.db.url import normalise
from memicos_app.library import feature_columns
from memicos_app.library.datasets.importing import import_source
from memicos_app.library.explanation_search import direction
from memicos_app.settings import get_settings
from tests import units
from tests.api import dataset
from tests.chat.server import ChatServer, running_chat_server

# The same examples at every run: a red test is red for everybody. `HYPOTHESIS_PROFILE=explore` looks for new ones.
# No example may take up constants from whatever modules happen to be loaded, or be judged by the machine's speed.
providers._get_local_constants = lambda: providers._local_constants
slow = {"deadline": None, "suppress_health_check": [hypothesis.HealthCheck.too_slow]}
hypothesis.settings.register_profile("same", derandomize=True, database=None, **slow)
hypothesis.settings.register_profile("explore", **slow)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

TEMPLATE = "memicos_template"
# A test's data need not survive a power cut.
_FAST = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "shared_buffers": "128MB"}
_SHARED, _ROOM = Path("/dev/shm"), 10 << 30
feature_columns.PATIENT_FROM = float("inf")  # a busy machine reads slowly, not later


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> units.Units:
    """Spread over processes (`-n 2`), tests go by units."""
    return units.Units(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Every test has a name of its own, and the same order in every process of a run that is spread."""
    named = Counter(item.nodeid for item in items)
    if twice := [name for name, number in named.items() if number > 1]:
        raise pytest.UsageError(f"of tests with one name only the last would run where they are spread: {twice}")
    if hasattr(config, "workerinput"):
        units.longest_first(items)


@dataclass(frozen=True)
class PostgresServer:
    """The server of this test run."""

    embedded: EmbeddedPostgres
    _left: list[str] = field(default_factory=list)

    def url(self, database: str) -> str:
        """Address of a database on it, in the form DATABASE_URL takes."""
        address = normalise(self.embedded.ensure_running()).url
        return address.set(drivername="postgresql", database=database).render_as_string(hide_password=False)

    def execute(self, statement: str) -> None:
        """Run one statement as the administrator, outside a transaction."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    def drop_later(self, database: str) -> None:
        """Drop the database that was left before this one: its connections have had the time to end by themselves."""
        self._left.append(database)
        while len(self._left) > 1:
            self.execute(f"DROP DATABASE {self._left.pop(0)} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """One embedded server for the whole run, with the newest schema in a template database."""
    folder = in_memory() or tmp_path_factory.mktemp("data")
    server = PostgresServer(EmbeddedPostgres(folder, settings=_FAST))
    try:
        server.execute(f"CREATE DATABASE {TEMPLATE}")
        migrate.upgrade(server.url(TEMPLATE))
        yield server
    finally:
        server.embedded.stop()
        shutil.rmtree(folder)


def in_memory() -> Path | None:
    """A folder in memory for the server of the run, where there is plenty: hundreds of databases are copied."""
    roomy = _SHARED.is_dir() and shutil.disk_usage(_SHARED).free > _ROOM and psutil.virtual_memory().available > _ROOM
    return Path(tempfile.mkdtemp(prefix="memicos-tests-", dir=_SHARED)) if roomy else None


@pytest.fixture
def database(postgres_server: PostgresServer) -> Iterator[str]:
    """A migrated, empty database that memicos_app uses during one test; its address."""
    with fresh_database(postgres_server) as url:
        yield url


@pytest.fixture(scope="module")
def module_database(postgres_server: PostgresServer) -> Iterator[str]:
    """As `database`, kept for a whole module: fill it once in a module-scoped fixture and read it in each test."""
    with fresh_database(postgres_server) as url:
        yield url


@pytest.fixture(scope="module")
def imported(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """As `module_database`, with the features 0, 10 and 4000 of the demo in it."""
    origin = dataset.make(tmp_path_factory.mktemp("origin"))
    settle(import_source(origin, dataset.MODEL, dataset.SOURCE))
    settle(session.dispose())
    return module_database


@contextmanager
def fresh_database(server: PostgresServer, template: str = TEMPLATE) -> Iterator[str]:
    """A database copied from a template, set as DATABASE_URL for this process and its children inside the block."""
    name = f"test_{secrets.token_hex(6)}"
    server.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DATABASE_URL", server.url(name))
            get_settings.cache_clear()
            direction._means.clear()
            yield server.url(name)
            settle(session.dispose())
    finally:
        get_settings.cache_clear()
        server.drop_later(name)


def settle(work: Coroutine[Any, Any, object]) -> None:
    """Run a coroutine between tests, on a loop that leaves those of pytest-asyncio alone, and all that it began."""
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        runner.run(work)


@pytest.fixture(scope="session")
def chat_server_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChatServer]:
    """One OpenAI-compatible server with the demo model for the whole run."""
    with running_chat_server(tmp_path_factory.mktemp("chat")) as server:
        yield server


@pytest.fixture
def chat_server(chat_server_process: ChatServer) -> Iterator[ChatServer]:
    """That server as the local provider of this test, without faults and without anything asked yet."""
    chat_server_process.told()
    with pytest.MonkeyPatch.context() as patch:
        for provider in ("OPENAI", "OPENROUTER", "ANTHROPIC", "GOOGLE", "CHAT"):
            patch.setenv(f"{provider}_API_KEY", "")
        patch.setenv("CHAT_BASE_URL", chat_server_process.url)
        get_settings.cache_clear()
        yield chat_server_process
    get_settings.cache_clear()
