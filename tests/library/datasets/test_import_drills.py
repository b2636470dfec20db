"""Importer and database are killed with SIGKILL at random moments; what is there in the end is the same each time."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import pytest

from memicos_app.db import migrate, session
from memicos_app.db.embedded import EmbeddedPostgres
from memicos_app.library.datasets.deleting import delete_source
from memicos_app.library.datasets.importing import import_source
from memicos_app.settings import get_settings
from tests.db.servers import kill_postmaster, server_at
from tests.library.datasets.contents import contents, differences
from tests.library.datasets.drill import importer, rich_folder
from tests.library.datasets.folder import MODEL, SOURCE

KILLS, MOST_KILLS = 10, 60
"""There are more than the first where these hit too few different files."""
DATABASE_DEATHS = 4
"""The last ones: it comes back with the settings of every day, which are slower."""


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddedPostgres]:
    """A database of this test's own, which may be killed."""
    own = server_at(tmp_path / "data")
    monkeypatch.setenv("DATABASE_URL", "")
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    get_settings.cache_clear()
    own.ensure_running()
    migrate.upgrade(session.database_url())
    yield own
    session.release()
    own.stop()
    get_settings.cache_clear()


def test_rounds_of_kills(server: EmbeddedPostgres, tmp_path: Path) -> None:
    chance = random.Random(20)
    origin, data_dir = tmp_path / "origin", tmp_path / "data"
    rich_folder(origin)
    finish(origin, data_dir)
    session.run(delete_source(MODEL, SOURCE))
    began = time.monotonic()
    finish(origin, data_dir)
    seconds = time.monotonic() - began
    expected = session.run(contents())
    assert expected["features"][0] == 80
    assert expected["feature_examples"][0] == 80
    assert expected["import_problems"]

    def begun() -> ForkServerProcess:
        """An import somewhere in the middle."""
        session.run(delete_source(MODEL, SOURCE))
        process = importer(origin, data_dir)
        process.start()
        time.sleep(chance.uniform(0.2 * seconds, seconds))
        return process

    kept: list[int] = []
    while len(kept) < KILLS or len({n for n in kept if n}) < 3:
        process = begun()
        process.kill()
        process.join()
        kept.append(session.run(again(origin)))
        assert differences(expected, session.run(contents())) == [], f"killed the {len(kept)}th time"
        assert len(kept) < MOST_KILLS, f"imports were to be killed at different files: {kept}"
    for _ in range(DATABASE_DEATHS):
        process = begun()
        kill_postmaster(server)
        process.join()
        assert process.exitcode == 0, "an import goes on when the database comes back"
        assert differences(expected, session.run(contents())) == []


def finish(origin: Path, data_dir: Path) -> None:
    """Import without being disturbed."""
    process = importer(origin, data_dir)
    process.start()
    process.join()
    assert process.exitcode == 0


async def again(origin: Path) -> int:
    """Go on after a kill; how many files were kept."""
    while True:
        try:
            report: Any = await import_source(origin, MODEL, SOURCE)
        except Exception as error:
            if "imported by another process" not in str(error):
                raise
        else:
            return int(report.n_kept)
