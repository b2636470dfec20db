"""A site with people is backed up and put back into an empty database: every row of it is there."""

from __future__ import annotations

from pathlib import Path

import psycopg

from tests.commands.test_database import memicos_db
from tests.conftest import PostgresServer
from tests.library.accounts.test_leaving import OWN, with_one_of_everything

EMPTY = "put_back"
OF_PEOPLE = {*OWN, "users", "explanations", "reports", "activity", "jobs", "provider_runs", "models", "source_sets"}


async def test_people_and_what_they_made_come_back(
    database: str, open_site: None, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    await with_one_of_everything()
    before, file = contents(database), str(tmp_path / "backup")
    assert sorted(table for table in OF_PEOPLE if not before[table]) == []
    assert memicos_db("backup", file).returncode == 0
    postgres_server.execute(f"CREATE DATABASE {EMPTY} TEMPLATE template0")
    try:
        restored = memicos_db("restore", file, DATABASE_URL=postgres_server.url(EMPTY))
        assert (restored.returncode, restored.stderr) == (0, "")
        assert contents(postgres_server.url(EMPTY)) == before
    finally:
        postgres_server.drop_later(EMPTY)


def contents(url: str) -> dict[str, list[str]]:
    """Every row of every table, as text."""
    with psycopg.connect(url) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        return {
            name: [text for (text,) in connection.execute(f'SELECT t::text FROM "{name}" t ORDER BY 1').fetchall()]
            for (name,) in tables
        }
