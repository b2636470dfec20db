"""Features that came by themselves, seen from imports: what a new generation takes over from the one before it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel.ext.asyncio.session import AsyncSession

from memicos_app.db.tables import Feature, FeatureExamples
from memicos_app.library.query import Row, rows_in, run_in


async def carry_over(writer: AsyncSession, model_id: str, source_id: str, generation: int) -> Sequence[Row]:
    """Copy uploaded features of the current generation into the one that follows it, where that has none of them.

    To be called in the transaction that puts `generation` in place, first of all: it locks the source's row, so
    that uploads are either among what is copied or wait and go into the new generation. Blocks of uploads hold
    their own tokens and are copied as they are.

    Returns:
        `index`, `density` and `max_activation` of each.
    """
    found = await rows_in(
        writer,
        "SELECT current_generation FROM sources WHERE model_id = :model AND id = :source FOR UPDATE",
        model=model_id,
        source=source_id,
    )
    before = found[0]["current_generation"] if found else None
    if before is None or before == generation:
        return []
    names = {"old": before, "new": generation}
    carried = await rows_in(writer, _FEATURES, **names)
    await run_in(writer, _EXAMPLES, **names)
    await run_in(writer, "UPDATE uploaded_files SET generation_id = :new WHERE generation_id = :old", **names)
    return carried


def _columns(table: type[Feature | FeatureExamples]) -> str:
    names = [column.name for column in table.__table__.columns]  # type: ignore[union-attr]
    return ", ".join(f'"{name}"' for name in names if name not in _OWN)


_OWN = ("generation_id", "replaces")
"""What a copy does not take along: it takes nobody's place."""
_FEATURES = f"""
    INSERT INTO features (generation_id, {_columns(Feature)})
    SELECT CAST(:new AS integer), {_columns(Feature)} FROM features AS f
    WHERE f.generation_id = :old AND f.uploaded
      AND NOT EXISTS (SELECT FROM features AS n WHERE n.generation_id = :new AND n.index = f.index)
    RETURNING index, density, max_activation
"""
_EXAMPLES = f"""
    INSERT INTO feature_examples (generation_id, {_columns(FeatureExamples)})
    SELECT CAST(:new AS integer), {_columns(FeatureExamples)} FROM feature_examples AS e
    WHERE e.generation_id = :old
      AND EXISTS (SELECT FROM features AS f WHERE f.generation_id = :new AND f.index = e.index AND f.uploaded)
"""
