"""Dashboards of an SAE that is served already but has none: as `add`, with its folder as it lies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from memicos_app.library.watch import Watch


async def run(watch: Watch, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """`model`, `source`, and what else `library.adding.Adding` takes; the address of the page and what it shows.

    Raises:
        NotFoundError: no weights of this source lie here.
    """
    from memicos_app.library import adding

    wanted = dict(arguments)
    asked = adding.asked_of_served(wanted.pop("model"), wanted.pop("source"), **wanted)
    added = await adding.add(asked, watch)
    return {"path": added.path, "features": added.n_features, "explanations": added.n_explanations}
