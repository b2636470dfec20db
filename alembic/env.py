"""How Alembic runs our migrations: on the connection `db/migrate.py` hands it, or on one of its own.

Everything up to the newest revision is one transaction: a failed upgrade leaves the schema as it was.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection
from sqlmodel import SQLModel

import memicos_app.db.tables  # noqa: F401  (fills the metadata)
from alembic import context
from memicos_app.db import migrate, session

# Tables that live beside ours: the job queue keeps its own schema, imports stage rows in passing.
FOREIGN_PREFIXES = ("procrastinate_", "staging_")


def include_object(thing: Any, name: str | None, kind: str, reflected: bool, compare_to: Any) -> bool:
    """Whether a table is ours to compare; what others own is never dropped by a generated revision."""
    return not (kind == "table" and reflected and compare_to is None and (name or "").startswith(FOREIGN_PREFIXES))


def run_offline() -> None:
    context.configure(
        dialect_name="postgresql",
        target_metadata=SQLModel.metadata,
        literal_binds=True,
        include_object=include_object,
    )
    with context.begin_transaction():
        context.run_migrations()


def run_on(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        include_object=include_object,
        compare_type=True,
        compare_server_default=True,
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        context.run_migrations()


def run_online() -> None:
    connection = context.config.attributes.get("connection")
    if connection is not None:
        run_on(connection)
        return
    with migrate.locked(session.database_url()) as own:
        run_on(own)


if context.is_offline_mode():
    run_offline()
else:
    run_online()
