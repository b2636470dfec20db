"""`memicos db` on real databases, embedded and external: what each command does and says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from memicos_app.commands.database import app, connection_variables, find_program
from memicos_app.db import migrate, session
from memicos_app.db.errors import DatabaseUnusable
from memicos_app.db.url import normalise
from memicos_app.settings import ROOT, get_settings
from tests.conftest import PostgresServer, fresh_database

DOCS = (ROOT / "docs" / "database.md").read_text()
_MEMICOS_DB = "from memicos_app.commands.database import app; app()"


def invoke(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.output


def memicos_db(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """As a process of its own, where what psql prints is seen, too."""
    command = [sys.executable, "-c", _MEMICOS_DB, *arguments]
    return subprocess.run(command, env={**os.environ, **variables}, capture_output=True, text=True)


def test_upgrade_says_from_where_to_where(postgres_server: PostgresServer) -> None:
    newest = migrate.newest_revision()
    with fresh_database(postgres_server, template="template1") as url:
        assert invoke("upgrade") == (0, f"The schema went from nothing to {newest}.\n")
        assert invoke("upgrade") == (0, f"The schema is at {newest} already.\n")
        assert migrate.current_revision(url) == newest


def test_status_of_an_external_database(database: str) -> None:
    code, said = invoke("status")
    assert code == 0
    assert "Postgres 18" in said
    assert f"Schema      {migrate.newest_revision()}\n" in said
    assert "direct" in said


def test_status_says_what_is_missing(postgres_server: PostgresServer) -> None:
    with fresh_database(postgres_server, template="template1"):
        code, said = invoke("status")
    assert code == 0
    assert "pgvector    missing" in said
    assert "`memicos db upgrade` brings it" in said


def test_path_is_below_the_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "")
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "my data"))
    get_settings.cache_clear()
    said = invoke("path")
    get_settings.cache_clear()
    assert said == (0, f"{tmp_path / 'my data'}/postgres\n")


def test_path_is_refused_for_an_external_database(database: str) -> None:
    code, said = invoke("path")
    assert code == 1
    assert "DATABASE_URL is set" in said


@pytest.mark.parametrize("url", ["mysql://u:secret@h/d", "postgresql://u:secret@127.0.0.1:1/d"])
def test_unusable_address_is_one_sentence(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    get_settings.cache_clear()
    code, said = invoke("status")
    get_settings.cache_clear()
    assert code == 1
    assert said.count("\n") == 1
    assert "secret" not in said


def test_embedded_database_from_nothing_to_a_restored_backup(tmp_path: Path) -> None:
    place = {"DATABASE_URL": "", "DATA_DIR": str(tmp_path / "my data")}
    backup = str(tmp_path / "backup.dump")
    assert "not created yet" in memicos_db("status", **place).stdout
    assert "went from nothing" in memicos_db("upgrade", **place).stdout
    assert "not running" in memicos_db("status", **place).stdout
    assert memicos_db("psql", "-c", "CREATE TABLE kept AS SELECT 7 AS seven", **place).returncode == 0
    assert memicos_db("dump", backup, **place).returncode == 0
    assert memicos_db("psql", "-c", "UPDATE kept SET seven = 8", **place).returncode == 0
    restored = memicos_db("restore", backup, **place)
    assert restored.returncode == 0, restored.stderr
    assert memicos_db("psql", "-Atc", "SELECT seven FROM kept", **place).stdout == "7\n"
    shutil.rmtree(tmp_path)


def test_status_of_a_failing_program_is_passed_on(database: str) -> None:
    assert memicos_db("psql", "-v", "ON_ERROR_STOP=1", "-c", "SELECT nonsense").returncode == 1


async def test_program_finds_the_database_by_its_environment(database: str) -> None:
    variables = connection_variables(session.target())
    assert variables["PGDATABASE"] == psycopg.conninfo.conninfo_to_dict(database)["dbname"]
    secret = normalise("postgresql://u:p%40ss@h:5433/d?sslmode=require&pgbouncer=true")
    assert (
        connection_variables(secret).items()
        >= {"PGPASSWORD": "p@ss", "PGPORT": "5433", "PGSSLMODE": "require"}.items()
    )


def test_program_over_tls_must_be_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert Path(find_program("pg_dump", over_tls=False)).is_file()
    with pytest.raises(DatabaseUnusable, match="install postgresql-client"):
        find_program("pg_dump", over_tls=True)
    (tmp_path / "pg_dump").write_text("#!/bin/sh\n")
    (tmp_path / "pg_dump").chmod(0o755)
    assert find_program("pg_dump", over_tls=True) == str(tmp_path / "pg_dump")


def test_every_command_is_in_the_docs() -> None:
    for command in app.registered_commands:
        assert command.callback is not None
        assert f"`memicos db {command.callback.__name__}" in DOCS


@pytest.mark.parametrize("url", re.findall(r"DATABASE_URL=(postgres[^\s`]+)", DOCS))
def test_every_address_in_the_docs_is_understood(url: str) -> None:
    assert normalise(url).parameters["dbname"]
