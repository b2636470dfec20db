"""What runs for as long as the site does: the inference worker and the connections to the database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from memicos_app import worker
from memicos_app.db import session


@asynccontextmanager
async def running() -> AsyncIterator[None]:
    """Start what the site needs, and stop it when the site stops."""
    await worker.start()
    try:
        yield
    finally:
        await worker.stop()
        await session.dispose()
        session.release()
