"""Explanations as vectors, for search by meaning: those that have none yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from memicos_app.library.watch import Watch


async def run(watch: Watch, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """`model`, `source` (empty: all) and `embedder` (empty: the packaged one); how many were embedded.

    Raises:
        BadInputError: the embedder cannot be asked here.
        EmbedderError: it does not answer; what was embedded stays.
    """
    from memicos_app.library.embedders import filling

    embedder = await filling.named(arguments.get("embedder", ""))
    model_id, source_id = arguments.get("model", ""), arguments.get("source", "")
    done = await filling.embed_explanations(model_id, source_id, embedder=embedder, watch=watch)
    return {"embedded": done, "embedder": embedder.name}
