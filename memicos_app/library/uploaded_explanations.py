"""What is done once features were uploaded: where nobody explained any, top tokens do; then search learns of them."""

from __future__ import annotations

import asyncio
import logging

from memicos_app.library import explanations, jobs
from memicos_app.library.embedders.filling import embed_explanations
from memicos_app.library.errors import LibraryError
from memicos_app.library.explanations import CURRENT, TOP_TOKENS
from memicos_app.library.query import row
from memicos_app.library.watch import UNWATCHED, Watch

logger = logging.getLogger(__name__)
KIND = "uploaded"
_following: dict[str, asyncio.Task[None]] = {}
MOST_TURNS = 100
"""Of explaining anew because more was uploaded meanwhile."""


async def settle(
    model_id: str, source_id: str, *, explain: bool = True, embed: bool = True, watch: Watch = UNWATCHED
) -> int:
    """Explain and embed what a source has, until nothing is left to do; how many features top tokens explain.

    Raises:
        Stopped: the watch wants the work to stop; it goes on with the next call.
    """
    written = embedded = 0
    missing = False
    for _ in range(MOST_TURNS):
        if explain and (missing := await _unexplained(model_id, source_id)):
            written = await explanations.write_top_tokens(model_id, source_id, watch=watch)
        if embed:
            embedded = await embed_explanations(model_id, source_id, watch=watch)
        if not (explain and missing) and not embedded:
            break
        await watch.checkpoint()
    return written


async def settle_later(model_id: str, source_id: str) -> None:
    """Have a job do it. One that is at it already may be past what has just come: then another follows."""
    name = f"{model_id}/{source_id}"
    arguments = {"model": model_id, "source": source_id}
    job = await jobs.ask(KIND, arguments, title=f"Explain and index what was uploaded into {name}", subject=name)
    if job.state == "running" and name not in _following:
        _following[name] = asyncio.get_running_loop().create_task(_follow(job.id, model_id, source_id))


async def _follow(job_id: int, model_id: str, source_id: str) -> None:
    name = f"{model_id}/{source_id}"
    try:
        while (await jobs.job(job_id)).state == "running":
            await asyncio.sleep(1)
    except LibraryError as error:
        logger.warning("what was uploaded into %s last may wait for the next upload to be explained: %s", name, error)
        return
    finally:
        _following.pop(name, None)
    await settle_later(model_id, source_id)


async def _unexplained(model_id: str, source_id: str) -> bool:
    """Whether features of the source are live, not explained, and nobody but top tokens explains any of them."""
    found = await row(
        f"""
        SELECT EXISTS (
            SELECT FROM features AS f WHERE f.generation_id = s.current_generation AND f.max_activation > 0
              AND NOT EXISTS (
                SELECT FROM explanations AS x
                WHERE x.model_id = s.model_id AND x.source_id = s.id AND x.index = f.index AND {CURRENT}
              )
        ) AND NOT EXISTS (
            SELECT FROM explanations AS x WHERE x.model_id = s.model_id AND x.source_id = s.id AND {CURRENT}
              AND x.type_name IS DISTINCT FROM :top_tokens
        ) AS wanted
        FROM sources AS s WHERE s.model_id = :model AND s.id = :source
        """,
        model=model_id,
        source=source_id,
        top_tokens=TOP_TOKENS,
    )
    return bool(found and found["wanted"])
