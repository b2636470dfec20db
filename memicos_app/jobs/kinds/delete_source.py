"""The data of a source taken out of sight and removed in slices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from memicos_app.library.watch import Watch


async def run(watch: Watch, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """`model`, `source` and whether `everything` goes; what is gone and what stays.

    Raises:
        NotFoundError: there is no such source.
        UnavailableError: it is being imported.
    """
    from memicos_app.library.datasets.deleting import delete_source

    report = await delete_source(
        arguments["model"], arguments["source"], everything=bool(arguments.get("everything")), watch=watch
    )
    return {"features": report.n_features, "explanations_kept": report.n_kept}
