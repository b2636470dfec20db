"""Embedders: the packaged one, OpenAI's and any that speaks its language; their vectors lie side by side.

Who needs vectors asks for `embedders()` and uses those there are. Making what is missing is in `filling.py`.
"""

from __future__ import annotations

import asyncio

from memicos_app.library import garbage
from memicos_app.library.embedders import minilm, remote
from memicos_app.library.embedders.interface import Embedder, EmbedderError, Vectors
from memicos_app.library.embedders.known import number_of

__all__ = ["Embedder", "EmbedderError", "Vectors", "embedders", "warm", "warm_soon"]

_warming: asyncio.Task[None] | None = None


async def embedders() -> list[Embedder]:
    """Those that can be asked now, the default first: its package is there, a key or an endpoint is set.

    Raises:
        UnavailableError: the database does not answer.
    """
    found: list[Embedder] = [minilm.MiniLm()] if minilm.available() else []
    if (endpoint := remote.configured()) is not None:
        number = await number_of(endpoint.model, endpoint.dimensions)
        found.append(remote.RemoteEmbedder(number, endpoint))
    return found


async def warm() -> None:
    """Load the packaged embedder, so that the first search need not wait for it."""
    if minilm.available() and not minilm.loaded():
        await asyncio.to_thread(minilm.embed_now, ["."])
        garbage.settle()


def warm_soon() -> None:
    """Begin to load the packaged embedder, for somebody who is about to search, unless it is there or on its way."""
    global _warming
    if not minilm.loaded() and (_warming is None or _warming.done()):
        _warming = asyncio.get_running_loop().create_task(warm())
