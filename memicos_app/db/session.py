"""One async engine a process and the sessions over it."""

from __future__ import annotations

from memicos_app.db.url import normalise
from memicos_app.settings import get_settings


def database_url() -> str:
    """The address of the database."""
    return normalise(get_settings().database_url.get_secret_value()).text
