"""Every live feature of a source explained by its top tokens, in place of earlier such explanations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from memicos_app.library.watch import Watch


async def run(watch: Watch, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """`model`, `source`; how many explanations were written."""
    from memicos_app.library import explanations

    return {"written": await explanations.write_top_tokens(arguments["model"], arguments["source"], watch=watch)}
