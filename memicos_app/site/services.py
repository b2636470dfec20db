"""What runs for as long as the site does: the inference worker, the job process, connections to the database."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from memicos_app import worker
from memicos_app.api.mcp_endpoint import endpoint
from memicos_app.db import session
from memicos_app.jobs.local import LocalJobs
from memicos_app.library import embedders
from memicos_app.library.embedders import filling
from memicos_app.library.embedders.known import with_vectors
from memicos_app.library.errors import LibraryError
from memicos_app.settings import get_settings

WARM_AFTER_S = 20.0
"""Seconds that a start is left alone before the model for searches is loaded."""
logger = logging.getLogger(__name__)


@asynccontextmanager
async def running() -> AsyncIterator[None]:
    """Start what the site needs, and stop it when the site stops."""
    settings = get_settings()
    jobs = LocalJobs(settings) if settings.jobs_local else None
    await worker.start()
    warming = asyncio.create_task(_warm()) if settings.embed_at_start else None
    if jobs is not None:
        jobs.start()
        if settings.embed_at_start:
            await _have_embedded()
    try:
        async with endpoint.running():
            yield
    finally:
        if warming is not None:
            warming.cancel()
        await asyncio.gather(worker.stop(), *([asyncio.to_thread(jobs.stop)] if jobs is not None else []))
        await session.dispose()
        session.release()


async def _have_embedded() -> None:
    """Search by meaning finds what a first start imported without anybody having asked for vectors."""
    try:
        await filling.ask_for_missing()
    except LibraryError as error:
        logger.warning("Explanations wait to be embedded: %s", error.message)


async def _warm() -> None:
    """Once the start is over, load the model that the first search by meaning would wait for."""
    await asyncio.sleep(WARM_AFTER_S)
    try:
        if await with_vectors():
            await embedders.warm()
    except LibraryError as error:
        logger.warning("Search by meaning is not ready yet: %s", error.message)
