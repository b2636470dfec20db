"""A folder for servers of a test's own, and one such server."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from memicos_app.db.embedded import EmbeddedPostgres
from tests.db.servers import server_at


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder whose servers are stopped and whose data is gone after the test."""
    yield tmp_path
    for lock in tmp_path.glob("**/postgres/start.lock"):
        EmbeddedPostgres(lock.parents[1]).stop()
    shutil.rmtree(tmp_path)


@pytest.fixture(scope="module")
def lasting_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    place = tmp_path_factory.mktemp("my data")
    yield server_at(place)
    shutil.rmtree(place)


@pytest.fixture
def server(lasting_server: EmbeddedPostgres) -> Iterator[EmbeddedPostgres]:
    """A server for a module's tests one after the other, each of which finds it stopped."""
    yield lasting_server
    lasting_server.stop()
