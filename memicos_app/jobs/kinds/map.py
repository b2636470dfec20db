"""The map of a source, or one of several sources together, by what explanations mean or by decoder direction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from memicos_app.library.watch import Watch


async def run(watch: Watch, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """`model`, `sources`, `by`; number of the map, its points and clusters.

    Raises:
        BadInputError: there is nothing to lay out.
        NotFoundError: a source is not imported.
    """
    from memicos_app.library.maps import making

    return await making.make(arguments["model"], arguments["sources"], arguments["by"], watch)
