"""The schema brought up to date by Alembic, and what must hold before: server version and pgvector.

Two processes that start at once are kept apart by an advisory lock of the transaction, which also works
through a pooler. The upgrade is that one transaction, so that a failure leaves the schema as it was.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError, OperationalError

from alembic import command
from memicos_app.db.errors import DatabaseUnusable, ExtensionUnusable, MigrationError
from memicos_app.db.url import normalise
from memicos_app.settings import ROOT

POSTGRES_FLOOR = 14
PGVECTOR_FLOOR = (0, 8)
_LOCK = 0x6D656D69636F73  # "memicos" in ASCII: any constant of our own will do.
# Tables that live beside ours: the job queue keeps its own schema, imports stage rows in passing.
FOREIGN_PREFIXES = ("procrastinate_", "staging_")
_one_at_a_time = threading.Lock()  # Alembic's context is global to a process.

INSTALL_PGVECTOR = (
    "Install pgvector 0.8 or newer on the database server: `apt install postgresql-{major}-pgvector` on Debian and "
    "Ubuntu (from apt.postgresql.org), `brew install pgvector` on macOS, the pgvector/pgvector image for Docker; "
    "Neon, Cloud SQL, RDS and Azure have it built in."
)


def upgrade(database_url: str) -> None:
    """Bring the database to the newest revision; does nothing when it is there already.

    Raises:
        DatabaseUnusable: no connection, a server that is too old, no usable pgvector, or a schema that a
            newer version of MemicOS made.
    """
    with _one_at_a_time, locked(database_url) as connection:
        ensure_pgvector(connection)
        config = alembic_config()
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise MigrationError(_misfit(error)) from error


def current_revision(database_url: str) -> str | None:
    """The revision the database is at; None before the first upgrade."""
    with connected(database_url) as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest_revision() -> str | None:
    """The revision that this version of MemicOS needs; None while there is no migration."""
    return ScriptDirectory.from_config(alembic_config()).get_current_head()


def check(database_url: str) -> None:
    """Make sure that server and pgvector can carry MemicOS, creating the extension where it is missing.

    Raises:
        DatabaseUnusable: with a sentence that says what to install.
    """
    with connected(database_url) as connection, connection.begin():
        ensure_pgvector(connection)


def include_object(thing: Any, name: str | None, kind: str, reflected: bool, compare_to: Any) -> bool:
    """Whether a table is ours to compare; what others own is never dropped by a generated revision."""
    return not (kind == "table" and reflected and compare_to is None and (name or "").startswith(FOREIGN_PREFIXES))


def alembic_config() -> Config:
    """Alembic's settings for our migrations folder, wherever the process was started from."""
    return Config(str(ROOT / "alembic.ini"))


def sync_engine(database_url: str) -> Engine:
    """An engine that keeps no connection, for commands and migrations."""
    target = normalise(database_url)
    arguments = {**target.connect_args, "prepare_threshold": None}
    return create_engine(target.url, connect_args=arguments, poolclass=NullPool)


@contextmanager
def connected(database_url: str) -> Iterator[Connection]:
    """A connection outside any pool.

    Raises:
        DatabaseUnusable: the server cannot be reached or refuses us.
    """
    try:
        connection = sync_engine(database_url).connect()
    except OperationalError as error:
        reason = " ".join(str(error.orig).split())
        raise DatabaseUnusable(f"Cannot connect to the database {normalise(database_url).safe}: {reason}") from None
    with connection:
        yield connection


@contextmanager
def locked(database_url: str) -> Iterator[Connection]:
    """A connection in one transaction that no other process migrates beside; committed at the end."""
    with connected(database_url) as connection, connection.begin():
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        yield connection


def ensure_pgvector(connection: Connection) -> None:
    """Refuse a server below the floor, create the extension where it is missing, refuse an old one.

    Raises:
        ExtensionUnusable: with a sentence that says what to install.
    """
    number = int(connection.execute(text("SHOW server_version_num")).scalar_one())
    major = number // 10_000
    if major < POSTGRES_FLOOR:
        raise ExtensionUnusable(f"MemicOS needs Postgres {POSTGRES_FLOOR} or newer; the server is version {major}.")
    installed, available = _pgvector_versions(connection)
    problem = pgvector_problem(installed, available, major)
    if problem:
        raise ExtensionUnusable(problem)
    if installed is None:
        _create_extension(connection)


def pgvector_problem(installed: str | None, available: str | None, major: int) -> str | None:
    """What is wrong with pgvector: `installed` in this database, `available` on the server; None if nothing."""
    advice = INSTALL_PGVECTOR.format(major=major)
    if installed is None and available is None:
        return f"The database server has no pgvector extension. {advice}"
    if _version(installed or available) >= PGVECTOR_FLOOR:
        return None
    if _version(available) >= PGVECTOR_FLOOR:
        return (
            f"This database uses pgvector {installed}, MemicOS needs 0.8 or newer and the server has {available}: "
            "run `ALTER EXTENSION vector UPDATE` in it as the owner of the extension."
        )
    return f"The database server has pgvector {installed or available}, MemicOS needs 0.8 or newer. {advice}"


def _pgvector_versions(connection: Connection) -> tuple[str | None, str | None]:
    row = connection.execute(
        text("SELECT installed_version, default_version FROM pg_available_extensions WHERE name = 'vector'")
    ).one_or_none()
    return (row[0], row[1]) if row else (None, None)


def _version(text_version: str | None) -> tuple[int, ...]:
    parts = (text_version or "0").split(".")[:2]
    return tuple(int(part) if part.isdigit() else 0 for part in parts)


def _create_extension(connection: Connection) -> None:
    try:
        with connection.begin_nested():
            connection.execute(text("CREATE EXTENSION IF NOT EXISTS vector"))
    except DBAPIError as error:
        raise ExtensionUnusable(
            "The database user may not create the pgvector extension: run `CREATE EXTENSION vector` in this database "
            f"as its owner or an administrator, then start again. The server said: {error.orig}"
        ) from error


def _misfit(error: CommandError) -> str:
    if "Can't locate revision" in str(error):
        return (
            "The database was made by a newer version of MemicOS than this one: update MemicOS, or point DATA_DIR "
            "or DATABASE_URL at another database."
        )
    return f"The migrations cannot be run: {error}."
