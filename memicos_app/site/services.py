"""What runs for as long as the site does: the database, its schema, and the inference worker."""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from typing import Any


def optional(name: str) -> Any:
    return importlib.import_module(name) if find_spec(name) else None


@asynccontextmanager
async def running() -> AsyncIterator[None]:
    """Start what the site needs, and stop it when the site stops."""
    session, migrate, worker = map(
        optional, ("memicos_app.db.session", "memicos_app.db.migrate", "memicos_app.worker")
    )
    try:
        if session and migrate:
            url = await asyncio.to_thread(session.database_url)
            await asyncio.to_thread(migrate.upgrade, url)
    except Exception:
        logging.getLogger(__name__).exception("the database is not available")
    if worker:
        await worker.start()
    try:
        yield
    finally:
        if worker:
            await worker.stop()
        if session and hasattr(session, "dispose"):
            await session.dispose()
