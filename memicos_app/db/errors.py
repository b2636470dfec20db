"""What can be wrong with the database, each as one sentence that says what to do about it."""

from __future__ import annotations

import psycopg.errors
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

AWAY = "The database does not answer right now; try again in a moment."
CROWDED = "Too many ask the database at once; try again in a moment."
FULL = "The disk of the database is full: nothing can be changed until there is room again."


def sentence(error: BaseException) -> str:
    """What a failure of the server is called towards people."""
    if isinstance(error, PoolTimeoutError):
        return CROWDED
    cause = error.orig if isinstance(error, DBAPIError) else error
    return FULL if isinstance(cause, psycopg.errors.DiskFull) else AWAY


class DatabaseUnusable(RuntimeError):
    """The database cannot be used as it is; the message is meant for the person who set it up."""


class DatabaseUrlError(DatabaseUnusable):
    """The value of DATABASE_URL cannot be right."""


class ExtensionUnusable(DatabaseUnusable):
    """The server is too old, or pgvector is missing, too old, or not ours to create."""


class MigrationError(DatabaseUnusable):
    """The schema in the database and the migrations of this version do not fit together."""


class EmbeddedServerError(DatabaseUnusable):
    """The embedded server cannot be set up or started here."""
