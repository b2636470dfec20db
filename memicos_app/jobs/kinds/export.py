"""A source written in the public layout, into the folder that pages hand exports out of or to another place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from memicos_app.library.watch import Watch


async def run(watch: Watch, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """`model`, `source`, `target` (a folder or s3://…; without it the page's own); what was written.

    Raises:
        NotFoundError: nothing of this source is imported.
        BadInputError: the target is none, or holds files of another kind.
        UnavailableError: the target cannot be written.
    """
    from memicos_app.library import exports
    from memicos_app.library.exporting import export_source

    target = arguments.get("target") or exports.folder()
    done = await export_source(arguments["model"], arguments["source"], target, watch)
    return {"target": str(target), "bytes": done.size, "files": len(done.files), "counts": done.counts}
