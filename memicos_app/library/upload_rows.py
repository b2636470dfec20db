"""Uploaded features as rows: appended to the generation that readers see, in a transaction of the caller's."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from psycopg import AsyncConnection
from sqlmodel.ext.asyncio.session import AsyncSession

from memicos_app.db.text import storable
from memicos_app.library import blocks
from memicos_app.library.accounts.person import me
from memicos_app.library.blocks import Example, Group
from memicos_app.library.datasets import copying, overview, sums
from memicos_app.library.datasets.layout import ActivationLine
from memicos_app.library.datasets.rows import Report, finite
from memicos_app.library.errors import NotFoundError
from memicos_app.library.explanations import refresh_labels
from memicos_app.library.feature_json import finite_json
from memicos_app.library.ownership import require_mine
from memicos_app.library.query import rows_in, run_in

ORIGIN = "upload"
_TOP_GROUP = -1.0


@dataclass(frozen=True, slots=True)
class Explained:
    """An explanation that comes with a feature."""

    text: str
    type_name: str | None = None
    explainer: str | None = None


@dataclass(slots=True)
class Outcome:
    """What became of the features of an upload, by index."""

    model_id: str
    source_id: str
    created: list[int] = field(default_factory=list)
    replaced: list[int] = field(default_factory=list)
    skipped: list[int] = field(default_factory=list)
    """There already, and not to be replaced."""
    dead: list[int] = field(default_factory=list)
    """Never active in what was sent."""
    problems: list[str] = field(default_factory=list)
    """What had to be changed to be kept."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A feature as it is stored; rows begin with the generation, which is not known yet."""

    index: int
    row: list[Any]
    n: int
    block: bytes
    explanations: Sequence[Explained]


def packed(lines: Sequence[ActivationLine], report: Report) -> bytes:
    """Examples as a block that needs nothing else to be read, strongest first; what had to be changed is reported.

    Raises:
        BadInputError: a line has no tokens.
    """
    pairs = [(_example(line, report), line.tokens) for line in lines]
    pairs.sort(key=lambda pair: -pair[0].max_value)
    return blocks.encode_inline([example for example, _ in pairs], [tokens for _, tokens in pairs])


def _example(line: ActivationLine, report: Report) -> Example:
    bounds = [_TOP_GROUP if value is None else value for value in (line.bin_min, line.bin_max, line.bin_contains)]
    low, high, share = finite(bounds, "bins", report)
    extra = {name: finite_json(value) for name, value in line.rest.items() if value is not None}
    values = finite(line.values, "values", report)
    return blocks.example(values, Group(low, high, share, line.data_source), line.qualifying_token_index, extra)


async def write(writer: AsyncSession, prepared: Sequence[Prepared], outcome: Outcome, *, replace: bool) -> int | None:
    """Write prepared features in a transaction of the caller's.

    Returns:
        The generation that holds them; None where there are none and the source has no data.

    Raises:
        NotFoundError: no such source.
        ForbiddenError: it is somebody else's.
    """
    generation = await _generation(writer, outcome, make=bool(prepared))
    if generation is None:
        return None
    indices = [one.index for one in prepared]
    there = await rows_in(
        writer,
        "SELECT index FROM features WHERE generation_id = :generation AND index = ANY(:indices)",
        generation=generation,
        indices=indices,
    )
    before = {one["index"] for one in there}
    outcome.skipped = [] if replace else [index for index in indices if index in before]
    outcome.replaced = [index for index in indices if index in before] if replace else []
    outcome.created = [index for index in indices if index not in before]
    fresh = [one for one in prepared if replace or one.index not in before]
    if not fresh:
        return generation
    replaced = await _remove(writer, outcome, generation)
    await _insert(writer, generation, fresh, replaced)
    await _explain(writer, outcome, fresh)
    await _count(writer, outcome, generation, fresh)
    return generation


async def _generation(writer: AsyncSession, outcome: Outcome, *, make: bool) -> int | None:
    """The generation that readers see, made where there is none; the source's row is locked from here on."""
    names = {"model": outcome.model_id, "source": outcome.source_id}
    found = await rows_in(
        writer,
        "SELECT current_generation, creator_id FROM sources WHERE model_id = :model AND id = :source FOR UPDATE",
        **names,
    )
    if not found:
        raise NotFoundError(
            f"There is no source {outcome.model_id}/{outcome.source_id} here; make it first, at /sae/new "
            "or with /api/source-set/new.",
            field="source_id",
        )
    require_mine(found[0]["creator_id"])
    current: int | None = found[0]["current_generation"]
    if current is not None or not make:
        return current
    made = await rows_in(
        writer,
        """
        WITH made AS (
            INSERT INTO source_generations (model_id, source_id, state, origin, finished_at)
            VALUES (:model, :source, 'ready', :origin, now()) RETURNING id
        )
        UPDATE sources SET current_generation = made.id FROM made
        WHERE model_id = :model AND sources.id = :source RETURNING current_generation
        """,
        **names,
        origin=ORIGIN,
    )
    return int(made[0]["current_generation"])


async def _remove(writer: AsyncSession, outcome: Outcome, generation: int) -> dict[int, int]:
    """Take away what is to be replaced, with the explanations that were uploaded with it.

    Returns:
        How many examples each of those features had that came with an import.
    """
    if not outcome.replaced:
        return {}
    values = {"generation": generation, "indices": outcome.replaced}
    imported = await rows_in(writer, _REPLACED, **values)
    await sums.forget(await _driver(writer), generation, outcome.replaced)
    for table in ("features", "feature_examples"):
        await run_in(
            writer, f"DELETE FROM {table} WHERE generation_id = :generation AND index = ANY(:indices)", **values
        )
    await run_in(
        writer,
        """
        DELETE FROM explanations WHERE model_id = :model AND source_id = :source AND index = ANY(:indices)
            AND generation_id IS NULL AND extra->>'origin' = :origin
        """,
        model=outcome.model_id,
        source=outcome.source_id,
        indices=outcome.replaced,
        origin=ORIGIN,
    )
    return {one["index"]: one["n"] for one in imported}


_REPLACED = """
    SELECT f.index, coalesce(f.replaces, e.n, 0) AS n FROM features AS f
    LEFT JOIN feature_examples AS e ON e.generation_id = f.generation_id AND e.index = f.index
    WHERE f.generation_id = :generation AND f.index = ANY(:indices) AND (NOT f.uploaded OR f.replaces IS NOT NULL)
"""


async def _driver(writer: AsyncSession) -> copying.Connection:
    connection = (await (await writer.connection()).get_raw_connection()).driver_connection
    assert isinstance(connection, AsyncConnection)
    return connection


async def _insert(writer: AsyncSession, generation: int, fresh: Sequence[Prepared], replaced: dict[int, int]) -> None:
    connection = await _driver(writer)
    await copying.FEATURES.copy(connection, ([generation, *one.row[1:]] for one in fresh))
    await run_in(
        writer,
        """
        UPDATE features AS f SET uploaded = true, replaces = t.replaces
        FROM unnest(CAST(:indices AS integer[]), CAST(:replaces AS integer[])) AS t (index, replaces)
        WHERE f.generation_id = :generation AND f.index = t.index
        """,
        generation=generation,
        indices=[one.index for one in fresh],
        replaces=[replaced.get(one.index) for one in fresh],
    )
    await copying.EXAMPLES.copy(
        connection, ((generation, one.index, blocks.INLINE, one.n, one.block) for one in fresh)
    )


async def _explain(writer: AsyncSession, outcome: Outcome, fresh: Sequence[Prepared]) -> None:
    """Explanations of the new features; they belong to nobody's dataset and stay when one is imported anew."""
    said = [(one.index, each) for one in fresh for each in one.explanations]
    if not said:
        return
    for table, names in (
        ("explanation_types", {each.type_name for _, each in said}),
        ("explanation_models", {each.explainer for _, each in said}),
    ):
        await run_in(
            writer,
            f"""
            INSERT INTO {table} (name, display_name) SELECT name, name FROM unnest(CAST(:names AS text[])) AS t (name)
            ON CONFLICT DO NOTHING
            """,
            names=sorted(storable(name) for name in names if name),
        )
    await run_in(
        writer,
        """
        INSERT INTO explanations (id, model_id, source_id, index, description, type_name, explainer, author_id, extra)
        SELECT t.id, :model, :source, t.index, t.description, t.type_name, t.explainer, :author,
               jsonb_build_object('origin', CAST(:origin AS text))
        FROM unnest(CAST(:ids AS text[]), CAST(:indices AS integer[]), CAST(:texts AS text[]),
                    CAST(:types AS text[]), CAST(:explainers AS text[]))
            AS t (id, index, description, type_name, explainer)
        WHERE NOT EXISTS (SELECT FROM explanations AS x WHERE x.id = t.id)
        """,
        model=outcome.model_id,
        source=outcome.source_id,
        author=me(),
        origin=ORIGIN,
        ids=[explanation_id(outcome, index, each) for index, each in said],
        indices=[index for index, _ in said],
        texts=[storable(each.text) for _, each in said],
        types=[each.type_name and storable(each.type_name) for _, each in said],
        explainers=[each.explainer and storable(each.explainer) for _, each in said],
    )


def explanation_id(outcome: Outcome, index: int, one: Explained) -> str:
    """The same for the same words about the same feature, so that sending them again adds nothing."""
    parts = (ORIGIN, outcome.model_id, outcome.source_id, str(index), one.type_name or "", one.text)
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:24]


async def _count(writer: AsyncSession, outcome: Outcome, generation: int, fresh: Sequence[Prepared]) -> None:
    """Counts, lists and the overview of all features follow what was written."""
    indices = [one.index for one in fresh]
    await refresh_labels(writer, outcome.model_id, outcome.source_id, indices=indices)
    await run_in(writer, _COUNTS, generation=generation)
    await run_in(
        writer,
        """
        UPDATE sources SET n_features = greatest(n_features, :highest + 1), updated_at = now()
        WHERE model_id = :model AND id = :source
        """,
        highest=max([*indices, *outcome.dead]),
        model=outcome.model_id,
        source=outcome.source_id,
    )


_COUNTS = f"""
    UPDATE source_generations SET
        n_features = (SELECT count(*) FROM features WHERE generation_id = :generation),
        n_examples = (SELECT coalesce(sum(n), 0) FROM feature_examples WHERE generation_id = :generation),
        overview = {overview.OF_GENERATION}
    WHERE id = :generation
"""
