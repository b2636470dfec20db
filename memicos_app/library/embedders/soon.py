"""Explanations that have just come are embedded in the background, one source at a time, so that search finds them.

A process that ends meanwhile loses nothing but time: whoever embeds the source next makes what is missing.
"""

from __future__ import annotations

import asyncio
import logging

from memicos_app.library.embedders import minilm
from memicos_app.library.embedders.filling import embed_explanations

logger = logging.getLogger(__name__)
_running: dict[tuple[str, str], asyncio.Task[None]] = {}
_again: set[tuple[str, str]] = set()


def embed(model_id: str, source_id: str) -> None:
    """Begin to embed what a source's explanations lack, or go on once more where that is being done."""
    name = (model_id, source_id)
    if not minilm.available():
        return
    if (known := _running.get(name)) is not None and not known.done():
        _again.add(name)
        return
    task = asyncio.get_running_loop().create_task(_embed(name))
    _running[name] = task
    task.add_done_callback(lambda _: _running.pop(name, None))


async def _embed(name: tuple[str, str]) -> None:
    try:
        await embed_explanations(*name)
        while name in _again:
            _again.discard(name)
            await embed_explanations(*name)
    except Exception:
        logger.exception("explanations of %s/%s were not embedded", *name)


async def settled() -> None:
    """Wait until nothing is being embedded any more."""
    while _running:
        await asyncio.wait(list(_running.values()))
