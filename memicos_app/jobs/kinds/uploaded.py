"""Features that were uploaded into a source: explained by top tokens where nobody did, and made known to search."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from memicos_app.library.watch import Watch


async def run(watch: Watch, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """`model`, `source`; how many features top tokens explain."""
    from memicos_app.library import uploaded_explanations

    written = await uploaded_explanations.settle(arguments["model"], arguments["source"], watch=watch)
    return {"written": written}
