"""Whether this process should be sent people: a balancer in front of several asks."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from functools import cache

from memicos_app.db import migrate
from memicos_app.library.errors import UnavailableError
from memicos_app.library.query import row

_stopping = False
_ends_at = math.inf
SPARE_S = 1.0
"""Before the end, so that who waits still hears of it."""


@dataclass(frozen=True, slots=True)
class Ready:
    """What this process stands on."""

    schema: str
    """The revision that the database is at, which is the one that this version needs."""


def stop(seconds: float = math.inf) -> None:
    """From now on nobody new should come: the process lets end what is under way, for so many seconds."""
    global _stopping, _ends_at
    _stopping, _ends_at = True, time.monotonic() + seconds - SPARE_S


def go_on() -> None:
    """Let a stream go on. Raises `UnavailableError` where its process ends now."""
    if time.monotonic() > _ends_at:
        raise UnavailableError("This process had to stop before the end; ask again.", retry_after=5)


async def ready() -> Ready:
    """What this process stands on, where all of it is there. The worker is not asked: pages serve without it.

    Raises:
        UnavailableError: it stops, the database does not answer, or its schema is older than this version.
    """
    if _stopping:
        raise UnavailableError("This process stops; another one answers.", retry_after=1)
    found = await row("SELECT version_num FROM alembic_version")
    schema = found["version_num"] if found else ""
    if schema != newest():
        raise UnavailableError(f"The database is at schema {schema}, this version needs {newest()}.", retry_after=30)
    return Ready(schema)


@cache
def newest() -> str:
    """The revision that this version needs."""
    return migrate.newest_revision() or ""
