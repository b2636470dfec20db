"""A source taken out of the database: out of sight at once, then removed in slices.

What people wrote here about its features stays, unless everything is to go: it shows again when the source is
imported again.
"""

from __future__ import annotations

from dataclasses import dataclass

from memicos_app.db import session
from memicos_app.library import activity
from memicos_app.library.datasets import generations, removal
from memicos_app.library.datasets.copying import Connection
from memicos_app.library.errors import NotFoundError
from memicos_app.library.explanations import refresh_labels
from memicos_app.library.query import rows_in, run_in
from memicos_app.library.watch import UNWATCHED, Watch


@dataclass(frozen=True, slots=True)
class DeleteReport:
    """What became of a source."""

    model_id: str
    source_id: str
    n_features: int
    n_kept: int
    """Explanations made here that stay."""


async def delete_source(
    model_id: str, source_id: str, *, everything: bool = False, watch: Watch = UNWATCHED
) -> DeleteReport:
    """Delete the data of a source, its unfinished imports too.

    Where explanations stay, so does the source, without data; else it goes, and its set with its last source.
    Models, releases and saved steering runs stay.

    Args:
        everything: also explanations that were made here.

    Raises:
        NotFoundError: there is no such source.
        UnavailableError: it is being imported.
        Stopped: the watch wants the work to stop; readers see nothing of the source any more, and the next call
            removes the rest.
    """
    async with generations.importing(model_id, source_id) as right:
        n_features = await _hide(model_id, source_id)
        await removal.remove_retired(right.connection, model_id, source_id, watch=watch)
        kept = await _remove_source(right.connection, model_id, source_id, everything)
        await removal.settle(right.connection)
    return DeleteReport(model_id, source_id, n_features, kept)


async def _hide(model_id: str, source_id: str) -> int:
    """Take the data out of sight in one transaction; how many features readers saw."""
    names = {"model": model_id, "source": source_id}
    async with session.session() as writer:
        found = await rows_in(
            writer,
            """
            SELECT coalesce(g.n_features, 0) AS n FROM sources AS s
            LEFT JOIN source_generations AS g ON g.id = s.current_generation
            WHERE s.model_id = :model AND s.id = :source FOR UPDATE OF s
            """,
            **names,
        )
        if not found:
            raise NotFoundError(f"There is no source {model_id}/{source_id} here.", field="source_id")
        await run_in(
            writer,
            """
            UPDATE sources SET current_generation = NULL, updated_at = now()
            WHERE model_id = :model AND id = :source
            """,
            **names,
        )
        await run_in(
            writer,
            "UPDATE source_generations SET state = 'retired' WHERE model_id = :model AND source_id = :source",
            **names,
        )
        await refresh_labels(writer, model_id, source_id)
        await activity.note("source.delete", f"/{model_id}/{source_id}", writer=writer)
        await writer.commit()
    return int(found[0]["n"])


async def _remove_source(connection: Connection, model_id: str, source_id: str, everything: bool) -> int:
    """Remove the source itself where nothing of it is left; how many explanations stay."""
    names = [model_id, source_id]
    async with connection.transaction():
        if not everything:
            found = await connection.execute(
                "SELECT count(*) FROM explanations WHERE model_id = %s AND source_id = %s", names
            )
            row = await found.fetchone()
            if row and row[0]:
                return int(row[0])
        found = await connection.execute(
            "DELETE FROM sources WHERE model_id = %s AND id = %s RETURNING model_id, set_name", names
        )
        await connection.execute(
            """
            DELETE FROM source_sets AS t WHERE t.model_id = %s AND t.name = %s
                AND NOT EXISTS (SELECT FROM sources AS s WHERE s.model_id = t.model_id AND s.set_name = t.name)
            """,
            await found.fetchone(),
        )
    return 0
