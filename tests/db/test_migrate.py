"""Migrations on real servers: from nothing, twice at once, over a foreign schema, and refused with a reason."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from memicos_app.db import migrate, session
from memicos_app.db.embedded import EmbeddedPostgres
from memicos_app.db.errors import DatabaseUnusable, ExtensionUnusable, MigrationError
from memicos_app.settings import get_settings
from tests.conftest import PostgresServer, fresh_database, settle
from tests.db.servers import eventually

_WAITING = """
SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database
WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()
"""
_UPGRADE = "import sys; from memicos_app.db import migrate; migrate.upgrade(sys.argv[1])"


@pytest.fixture
def empty(postgres_server: PostgresServer) -> Iterator[str]:
    """A database without a schema."""
    with fresh_database(postgres_server, template="template1") as url:
        yield url


def test_upgrade_makes_the_whole_schema(empty: str) -> None:
    assert migrate.current_revision(empty) is None
    migrate.upgrade(empty)
    assert migrate.current_revision(empty) == migrate.newest_revision()
    migrate.upgrade(empty)
    with migrate.connected(empty) as connection:
        found = connection.execute(text("SELECT extversion FROM pg_extension WHERE extname = 'vector'")).scalar_one()
    assert found.startswith("0.8")


def test_two_processes_upgrade_at_once(empty: str) -> None:
    command = [sys.executable, "-c", _UPGRADE, empty]
    both = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    for process in both:
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said
    assert migrate.current_revision(empty) == migrate.newest_revision()


def test_upgrade_waits_for_another_that_runs(empty: str) -> None:
    command = [sys.executable, "-c", _UPGRADE, empty]
    with migrate.locked(empty):
        process = subprocess.Popen(command)
        with psycopg.connect(empty, autocommit=True) as looking:
            eventually(lambda: looking.execute(_WAITING).fetchone() == (1,), 60)
        assert process.poll() is None
        assert migrate.current_revision(empty) is None
    assert process.wait(timeout=60) == 0
    assert migrate.current_revision(empty) == migrate.newest_revision()


def test_failed_upgrade_leaves_nothing(empty: str) -> None:
    with psycopg.connect(empty) as connection:
        connection.execute("CREATE TABLE steer_outputs (mine text)")
    with pytest.raises(Exception, match="steer_outputs"):
        migrate.upgrade(empty)
    with psycopg.connect(empty) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    assert tables == [("steer_outputs",)]


def test_database_of_a_newer_version_is_refused(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'from_the_future'")
    with pytest.raises(MigrationError, match="newer version of MemicOS"):
        migrate.upgrade(database)


def test_user_without_rights_is_told_what_to_run(postgres_server: PostgresServer, empty: str) -> None:
    postgres_server.execute("DROP ROLE IF EXISTS guest")
    postgres_server.execute("CREATE ROLE guest")
    as_guest = f"{empty}&options=-c%20role%3Dguest"
    with pytest.raises(ExtensionUnusable, match="run `CREATE EXTENSION vector`"):
        migrate.check(as_guest)
    with psycopg.connect(empty) as connection:
        connection.execute("CREATE EXTENSION vector")
    migrate.check(as_guest)


def test_unreachable_server_is_one_sentence_without_the_password() -> None:
    with pytest.raises(DatabaseUnusable, match="Cannot connect to the database") as refusal:
        migrate.upgrade("postgresql://someone:hidden@127.0.0.1:1/database")
    assert "hidden" not in str(refusal.value)


@pytest.mark.parametrize(
    ("installed", "available", "sentence"),
    [
        (None, None, "postgresql-15-pgvector"),
        ("0.5.1", "0.8.1", "ALTER EXTENSION vector UPDATE"),
        ("0.5.1", "0.7.4", "Install pgvector 0.8"),
        ("0.5.1", None, "Install pgvector 0.8"),
        (None, "0.7.4", "has pgvector 0.7.4"),
    ],
)
def test_unusable_pgvector_is_explained(installed: str | None, available: str | None, sentence: str) -> None:
    assert sentence in (migrate.pgvector_problem(installed, available, 15) or "")


@pytest.mark.parametrize(
    ("installed", "available"),
    [("0.8.0", "0.8.0"), (None, "0.8.6"), ("0.10.0", None), ("1.0", "1.0"), ("0.9.0", "0.8")],
)
def test_usable_pgvector_is_accepted(installed: str | None, available: str | None) -> None:
    assert migrate.pgvector_problem(installed, available, 15) is None


async def test_external_database_is_used_instead_of_the_embedded_one(
    server: EmbeddedPostgres, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DATABASE_URL names a server that MemicOS does not manage; no embedded one is started."""
    address = server.ensure_running().replace("postgresql+psycopg://", "postgres://")
    monkeypatch.setenv("DATABASE_URL", address)
    monkeypatch.setenv("DATA_DIR", str(folder / "own"))
    get_settings.cache_clear()
    try:
        migrate.upgrade(session.database_url())
        assert migrate.current_revision(address) == migrate.newest_revision()
        async with session.read_session() as reader:
            assert (await reader.exec(text("SELECT count(*) FROM models"))).scalar_one() == 0
        assert not (folder / "own").exists()
    finally:
        await session.dispose()
        get_settings.cache_clear()


async def test_pooled_address_works_without_prepared_statements(
    postgres_server: PostgresServer, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"{database}&pgbouncer=true&connection_limit=2&schema=public")
    get_settings.cache_clear()
    for _ in range(12):
        async with session.read_session() as reader:
            prepared = (await reader.exec(text("SELECT count(*) FROM pg_prepared_statements"))).scalar_one()
    assert prepared == 0
    assert session.engine().pool.size() == 2  # type: ignore[attr-defined]


def test_command_work_keeps_no_connection(database: str) -> None:
    async def work() -> int:
        for _ in range(3):
            async with session.read_session() as reader:
                await reader.exec(text("SELECT 1"))
        async with session.read_session() as reader:
            there = text(
                "SELECT count(*) FROM pg_stat_activity "
                "WHERE datname = current_database() AND backend_type = 'client backend'"
            )
            for _ in range(100):  # one that was closed is gone a moment later
                if (number := int((await reader.exec(there)).scalar_one())) == 1:
                    break
                await asyncio.sleep(0.1)
            return number

    assert session.run(work()) == 1


def test_alembic_command_finds_the_configured_database(database: str) -> None:
    command = [sys.executable, "-m", "alembic", "-c", str(Path(__file__).parents[2] / "alembic.ini"), "current"]
    result = subprocess.run(command, cwd="/", env=dict(os.environ), capture_output=True, text=True)
    assert migrate.newest_revision() in result.stdout, result.stderr


def test_settle_runs_outside_the_tests_loop(database: str) -> None:
    async def work() -> None:
        async with session.read_session() as reader:
            await reader.exec(text("SELECT 1"))

    settle(work())
    settle(session.dispose())


def test_every_statement_of_the_migrations_can_be_written_out() -> None:
    command = [sys.executable, "-m", "alembic", "-c", str(Path(__file__).parents[2] / "alembic.ini")]
    result = subprocess.run([*command, "upgrade", "head", "--sql"], cwd="/", capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert "CREATE EXTENSION IF NOT EXISTS vector" in result.stdout
