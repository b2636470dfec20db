"""What is done once features were uploaded: where nobody explained any, top tokens do; then search learns of them."""

from __future__ import annotations

from memicos_app.library import embeddings, explanations
from memicos_app.library.explanations import CURRENT, TOP_TOKENS
from memicos_app.library.query import row
from memicos_app.library.watch import UNWATCHED, Watch

MOST_TURNS = 100
"""Of explaining anew because more was uploaded meanwhile."""


async def settle(
    model_id: str, source_id: str, *, explain: bool = True, embed: bool = True, watch: Watch = UNWATCHED
) -> int:
    """Explain and embed what a source has, until nothing is left to do; how many features top tokens explain.

    Raises:
        Stopped: the watch wants the work to stop; it goes on with the next call.
    """
    written = 0
    for _ in range(MOST_TURNS):
        if not explain or not await _unexplained(model_id, source_id):
            break
        written = await explanations.write_top_tokens(model_id, source_id, watch=watch)
    if embed:
        while await embeddings.embed_explanations(model_id, source_id, watch=watch):
            await watch.checkpoint()
    return written


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
