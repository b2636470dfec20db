"""An SAE from its folder to the browser: served, given dashboards, imported, explained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from memicos_app.library.watch import Watch


async def run(watch: Watch, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What `library.adding.Adding` takes; the address of the page and what it shows.

    Raises:
        BadInputError: it cannot be done as asked.
        GenerationFailed: the model, the SAE or the corpus cannot be used.
    """
    from memicos_app.library import adding

    added = await adding.add(adding.asked(**arguments), watch)
    return {"path": added.path, "features": added.n_features, "explanations": added.n_explanations}
