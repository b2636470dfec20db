"""What runs for as long as the site does: the inference worker and the connections to the database."""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from typing import Any

from memicos_app.db import session


def optional(name: str) -> Any:
    return importlib.import_module(name) if find_spec(name) else None


@asynccontextmanager
async def running() -> AsyncIterator[None]:
    """Start what the site needs, and stop it when the site stops."""
    worker = optional("memicos_app.worker")
    if worker:
        await worker.start()
    try:
        yield
    finally:
        if worker:
            await worker.stop()
        await session.dispose()
        session.release()
