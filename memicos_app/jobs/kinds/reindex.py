"""The index over an embedder's vectors built anew, beside the old one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from memicos_app.library.watch import Watch


async def run(watch: Watch, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """`embedder` (empty: each that has vectors); how many vectors each index holds.

    Raises:
        BadInputError: there is no such embedder.
    """
    from memicos_app.library.embedders import indexes

    built = await indexes.rebuild_all(arguments.get("embedder", ""), watch)
    return {"vectors": {one.name: one.vectors for one in built}}
