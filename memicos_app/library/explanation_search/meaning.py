"""Explanations nearest in meaning: an embedder's index where many fit, an exact scan where few do.

The index walks its graph until enough of what it meets fits the filters (pgvector's iterative scan, in relaxed
order, sorted again here). Where few fit it would walk long and miss some, and comparing all of them is as fast.
"""

from __future__ import annotations

import asyncio
from itertools import chain
from typing import Any

from memicos_app.library.embedders import Vectors
from memicos_app.library.explanation_search.asked import Selection
from memicos_app.library.explanation_search.direction import direction
from memicos_app.library.explanation_search.found import Candidate
from memicos_app.library.explanations import TOP_TOKENS
from memicos_app.library.query import Row, rows_in, rows_planned, rows_planned_in, writing

EXACT_BELOW = 15_000
"""Explanations that are compared one by one: about as many as cost what the walk through the index costs."""
TOP_TOKENS_BEHIND = 0.15
"""Cosine by which a list of top tokens stands behind a sentence: single words are near to too much."""
_MOST_EF = 1000
_SPARE, _SPARE_OF_FEW = 4, 2
"""Times as many as asked for are walked to: those by top tokens among them may fall behind. Each costs the more, the
fewer of what the walk meets fit the filters; and the fewer fit, the further the last of them is off."""
_WORTH_HALVES = 3000
"""Explanations from which on two connections share the comparing."""
_SCANNED = 40_000
"""Tuples after which a walk gives up; what it misses then, the exact scan finds."""


async def nearest(selection: Selection, embedder_id: int, vector: Vectors, limit: int) -> list[Candidate]:
    """The explanations nearest to a vector `[dimensions]`, nearest first."""
    if not selection.n:
        return []
    vector = await direction(embedder_id, vector)
    found: list[Row] = []
    exact = selection.n <= EXACT_BELOW
    if not exact:
        found = await _run(_INDEXED, selection, embedder_id, vector, limit, walk=True)
    if len(found) < limit:
        found = await compared(selection, embedder_id, vector, limit)
    return [Candidate(one["number"], one["model_id"], one["source_id"], one["index"]) for one in found]


async def compared(selection: Selection, embedder_id: int, vector: Vectors, limit: int) -> list[Row]:
    """The nearest of all that a selection holds, found without the index; halves of the sources at the same time."""
    halves = [selection]
    if selection.n >= _WORTH_HALVES and len(selection.generations) > 1:
        halves = [selection.within(selection.generations[start::2]) for start in (0, 1)]
    found = await asyncio.gather(*(_run(_EXACT, half, embedder_id, vector, limit, walk=False) for half in halves))
    return sorted(chain.from_iterable(found), key=lambda one: (one["distance"], one["number"]))[:limit]


async def _run(
    sql: str, selection: Selection, embedder_id: int, vector: Vectors, limit: int, *, walk: bool
) -> list[Row]:
    spare = _SPARE if 2 * selection.n >= selection.of else _SPARE_OF_FEW
    values: dict[str, Any] = {**selection.values, "vector": as_text(vector), "limit": limit}
    values |= {"walked": spare * limit} if walk else {}
    # The embedder's number and dimensions stand in the statement: only so does it fit the embedder's own index.
    places = {
        "conditions": selection.conditions,
        "joined": selection.joined,
        "embedder": int(embedder_id),
        "dimensions": len(vector),
    }
    statement = sql.format(**places)
    if not walk:
        return list(await rows_planned(statement, **values))
    async with writing() as reader:
        await rows_in(reader, _WALK, ef=str(min(spare * limit, _MOST_EF)))
        return list(await rows_planned_in(reader, statement, **values))


def as_text(vector: Vectors) -> str:
    """A vector as pgvector reads it."""
    return "[" + ",".join(f"{value:.6g}" for value in vector.tolist()) + "]"


# The planner does not know what a walk costs with filters; joined by loops, rows stay in the order of the index.
_WALK = f"""
    SELECT set_config('hnsw.ef_search', :ef, true), set_config('hnsw.iterative_scan', 'relaxed_order', true),
        set_config('hnsw.max_scan_tuples', '{_SCANNED}', true), set_config('hnsw.scan_mem_multiplier', '2', true),
        set_config('enable_seqscan', 'off', true), set_config('enable_sort', 'off', true),
        set_config('enable_bitmapscan', 'off', true), set_config('enable_hashjoin', 'off', true),
        set_config('enable_mergejoin', 'off', true), set_config('jit', 'off', true)
"""
_BEHIND = f"CASE WHEN x.type_name = '{TOP_TOKENS}' THEN {TOP_TOKENS_BEHIND} ELSE 0 END AS behind"
_INDEXED = f"""
    WITH near AS MATERIALIZED (
        SELECT x.number, x.model_id, x.source_id, x.index, {_BEHIND},
            CAST(e.embedding AS halfvec({{dimensions}})) <=> CAST(:vector AS halfvec({{dimensions}})) AS distance
        FROM explanation_embeddings AS e JOIN explanations AS x ON x.number = e.explanation_number {{joined}}
        WHERE e.embedder_id = {{embedder}} AND {{conditions}}
        ORDER BY CAST(e.embedding AS halfvec({{dimensions}})) <=> CAST(:vector AS halfvec({{dimensions}}))
        LIMIT :walked
    )
    SELECT number, model_id, source_id, index FROM near ORDER BY distance + behind, number LIMIT :limit
"""
# Thousands are compared, few are kept: what names a feature is read of those only.
_EXACT = f"""
    WITH chosen AS MATERIALIZED (
        SELECT x.number, {_BEHIND} FROM explanations AS x {{joined}} WHERE {{conditions}}
    ),
    near AS MATERIALIZED (
        SELECT c.number, (e.embedding <=> CAST(:vector AS halfvec({{dimensions}}))) + c.behind AS distance
        FROM chosen AS c JOIN explanation_embeddings AS e ON e.explanation_number = c.number
        WHERE e.embedder_id = {{embedder}} ORDER BY distance, c.number LIMIT :limit
    )
    SELECT x.number, x.model_id, x.source_id, x.index, near.distance
    FROM near JOIN explanations AS x ON x.number = near.number ORDER BY near.distance, near.number
"""
