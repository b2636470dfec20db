"""A backup drilled: out of one folder, into a new one, every page the same; nothing half, nothing left over."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from memicos_app.settings import get_settings
from tests.browser import dataset
from tests.commands.test_database import memicos_db

PAGES = 100
_READ = """
import asyncio, hashlib, sys
from memicos_app.db import session
from memicos_app.library import features
from memicos_app.library.datasets.importing import import_source
from memicos_app.library.feature_json import encode, feature_json

async def main(model, source, pages, origin):
    if origin:
        await import_source(origin, model, source)
    listed = await features.feature_list(model, source, limit=pages)
    for one in listed.rows:
        content = feature_json(await features.feature(model, source, one.index))
        print(one.index, hashlib.sha256(encode(content)).hexdigest())

session.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]))
"""


def pages(origin: str = "", **variables: str) -> str:
    """Index and hash of what a hundred pages show, read by a process of its own; imported first from an origin."""
    command = [sys.executable, "-c", _READ, dataset.MODEL, dataset.SOURCE, str(PAGES), origin]
    done = subprocess.run(command, env={**os.environ, **variables}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_into_a_new_folder_and_into_another_server(database: str, tmp_path: Path) -> None:
    demo = next(one for one in map(Path, get_settings().dataset_origins) if (one / "v1" / dataset.MODEL).is_dir())
    origin = dataset.make(demo, tmp_path / "origin")
    old = {"DATABASE_URL": "", "DATA_DIR": str(tmp_path / "old")}
    new = {"DATABASE_URL": "", "DATA_DIR": str(tmp_path / "new")}
    file = tmp_path / "my backup"
    assert memicos_db("upgrade", **old).returncode == 0
    before = pages(str(origin), **old)
    assert before.count("\n") == PAGES
    assert memicos_db("backup", str(file), **old).stdout == f"{file} holds everything.\n"
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == [file.name]
    restored = memicos_db("restore", str(file), **new)
    assert (restored.returncode, restored.stderr) == (0, "")
    assert pages(**new) == before
    assert "is at" in memicos_db("upgrade", **new).stdout, "and the schema is known to be the newest"
    # A server that was given, with something in it that the backup does not know.
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE later (id int); CREATE VIEW seen AS TABLE later; CREATE TYPE kind AS ENUM ('a'); "
            "CREATE TYPE pair AS (a int)"
        )
        restored = memicos_db("restore", str(file), DATABASE_URL=database)
        assert (restored.returncode, restored.stderr) == (0, "")
        left = connection.execute("SELECT to_regclass('later'), to_regclass('seen'), to_regtype('kind')").fetchone()
    assert left == (None, None, None)
    assert pages(DATABASE_URL=database) == before


@pytest.mark.parametrize("kept", [0.0, 0.98])
def test_a_backup_that_is_cut_off_changes_nothing(database: str, tmp_path: Path, kept: float) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("INSERT INTO models (id) SELECT md5(n::text) FROM generate_series(1, 20000) AS n")
        whole, cut = tmp_path / "whole", tmp_path / "cut"
        assert memicos_db("backup", str(whole), DATABASE_URL=database).returncode == 0
        cut.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * kept)])
        connection.execute("DELETE FROM models WHERE id < '8'")
        before = connection.execute("SELECT count(*) FROM models").fetchone()
        failed = memicos_db("restore", str(cut), DATABASE_URL=database)
        assert failed.returncode == 1
        assert failed.stderr.endswith("The backup was not restored; the database is as it was.\n")
        assert connection.execute("SELECT count(*) FROM models").fetchone() == before
        assert memicos_db("restore", str(whole), DATABASE_URL=database).returncode == 0
        assert connection.execute("SELECT count(*) FROM models").fetchone() == (20000,)


def test_a_backup_that_cannot_be_written_leaves_the_old_one(database: str, tmp_path: Path) -> None:
    file = tmp_path / "backup"
    file.write_text("the old one")
    failed = memicos_db("backup", str(tmp_path / "nowhere" / "backup"), DATABASE_URL=database)
    assert failed.returncode == 1
    assert "The backup was not written." in failed.stderr
    assert memicos_db("dump", str(file), DATABASE_URL=database).returncode == 0, "its name before"
    assert file.read_bytes().startswith(b"PGDMP")
