"""How Alembic runs our migrations: on the connection `db/migrate.py` hands it, or on one of its own.

Everything up to the newest revision is one transaction: a failed upgrade leaves the schema as it was.
"""

from __future__ import annotations

from sqlalchemy import Connection
from sqlmodel import SQLModel

import memicos_app.db.tables  # noqa: F401  (fills the metadata)
from alembic import context
from memicos_app.db import migrate, session


def run_offline() -> None:
    context.configure(
        dialect_name="postgresql",
        target_metadata=SQLModel.metadata,
        literal_binds=True,
        include_object=migrate.include_object,
    )
    with context.begin_transaction():
        context.run_migrations()


def run_on(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        include_object=migrate.include_object,
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
