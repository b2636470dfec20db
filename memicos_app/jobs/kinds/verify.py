"""What the database holds of a source, counted and hashed again and compared with what its import wrote."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from memicos_app.library.watch import Watch

_NAMED = 100


async def run(watch: Watch, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """`model`, `source`; whether all is well, and the first rows that differ.

    Raises:
        NotFoundError: nothing of this source is imported.
        BadInputError: there is nothing to compare with.
    """
    from memicos_app.library.datasets.verify import verify_source

    report = await verify_source(arguments["model"], arguments["source"], watch=watch)
    for said in [*report.missing, *map(str, report.differences[:_NAMED])]:
        watch.log(said, "warning")
    return {
        "ok": report.ok,
        "rows": report.n_rows,
        "files": report.n_files,
        "differences": report.total,
        "named": [str(one) for one in report.differences[:_NAMED]],
        "missing": report.missing,
    }
