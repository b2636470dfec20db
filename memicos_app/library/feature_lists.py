"""Features in lists: a source's, sorted, filtered and in pages; and those that explanations are found by.

A page is chosen by index-only scans and only its rows are read in full, so that deep pages of large sources
stay fast.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from memicos_app.db.text import original
from memicos_app.library import blocks, catalog, facets, feature_cursors, sequences
from memicos_app.library.errors import BadInputError
from memicos_app.library.explanations import CURRENT, READING_ORDER
from memicos_app.library.feature_filters import EVERYTHING, FeatureFilter
from memicos_app.library.query import Row, row, rows
from memicos_app.library.views import FeatureHit, FeatureList, FeatureRow, FeatureSort
from memicos_app.library.visibility import listed
from memicos_app.library.words import matches

MOST_ROWS = 500
_BEFORE, _AFTER = 8, 5
_COLUMNS = {"index": "f.index", "density": "f.density", "max_activation": "f.max_activation"}
_EXPLANATION = "explanation"


async def feature_list(
    model_id: str,
    source_id: str,
    *,
    sort: FeatureSort = "index",
    descending: bool = False,
    offset: int = 0,
    cursor: str | None = None,
    limit: int = 50,
    query: str = "",
    filters: FeatureFilter = EVERYTHING,
) -> FeatureList:
    """One page of a source's features that have a dashboard.

    Args:
        sort: features without an explanation come last when sorted by it.
        cursor: of the page before, in place of `offset`; with the same question.
        query: words that explanations hold (beginnings of words count), or the number of a feature.
        filters: what else is kept; its own `query` counts where `query` is empty.

    Raises:
        NotFoundError: no such model or source.
        BadInputError: unknown `sort`, `offset` or `limit` out of range, a filter that cannot be meant, or a cursor of
            another question.
    """
    _check(sort, offset, limit)
    source = await row(
        f"SELECT {catalog.SOURCE_COLUMNS} FROM {catalog.SOURCES} WHERE s.model_id = :model AND s.id = :source",
        model=model_id,
        source=source_id,
    )
    if source is None:
        await catalog.source(model_id, source_id)
    if source is None or source["current_generation"] is None:
        return FeatureList(0, [], offset)
    generation = source["current_generation"]
    wanted = replace(filters, query=query or filters.query)
    order = feature_cursors.Order(model_id, source_id, generation, source["n_explained"], wanted, sort, descending)
    if cursor:
        offset = await feature_cursors.passed(order, cursor)
    if not wanted.is_empty:
        total, page = await facets.filtered(model_id, source_id, wanted, sort, descending, offset, limit)
    else:
        total = source["n_dashboards"]
        page = await _page(generation, source["n_explained"], sort, descending, offset, limit)
    shown = await _feature_rows(generation, page)
    more = shown and offset + len(page) < total
    return FeatureList(total, shown, offset, await feature_cursors.written(order, shown[-1]) if more else None)


async def feature_rows(model_id: str, source_id: str, indices: Sequence[int]) -> list[FeatureRow]:
    """Features of a source as rows of a list, in the order of `indices`; those without a dashboard are left out."""
    source = await row(
        "SELECT current_generation FROM sources WHERE model_id = :model AND id = :source",
        model=model_id,
        source=source_id,
    )
    if source is None or source["current_generation"] is None:
        return []
    return await _feature_rows(source["current_generation"], indices)


async def search_text(model_id: str, query: str, limit: int = 20) -> list[FeatureHit]:
    """Features of a model whose explanations hold the words of `query`, each feature once, best match first.

    Raises:
        BadInputError: an empty query, or `limit` out of range.
    """
    if not query.strip():
        raise BadInputError("The query is empty.", field="query")
    if not 1 <= limit <= MOST_ROWS:
        raise BadInputError(f"limit is a whole number from 1 to {MOST_ROWS}.", field="limit")
    condition, values = matches(query)
    found = await rows(
        f"""
        WITH hits AS (
            SELECT DISTINCT ON (x.source_id, x.index) x.source_id, x.index, x.description, x.type_name,
                   s.current_generation, coalesce(t.rank, 1) AS rank
            FROM explanations AS x
            JOIN sources AS s ON s.model_id = x.model_id AND s.id = x.source_id AND {listed("s")}
            LEFT JOIN explanation_types AS t ON t.name = x.type_name
            WHERE x.model_id = :model AND {CURRENT} AND {condition}
            ORDER BY x.source_id, x.index, {READING_ORDER}
        )
        SELECT h.*, f.density, f.max_activation
        FROM hits AS h JOIN features AS f ON f.generation_id = h.current_generation AND f.index = h.index
        ORDER BY h.rank, length(h.description), h.source_id, h.index LIMIT :limit
        """,
        model=model_id,
        limit=limit,
        **values,
    )
    return [
        FeatureHit(
            model_id=model_id,
            source_id=one["source_id"],
            index=one["index"],
            explanation=original(one["description"]),
            explanation_type=original(one["type_name"] or ""),
            density=one["density"],
            max_activation=one["max_activation"],
        )
        for one in found
    ]


def _check(sort: str, offset: int, limit: int) -> None:
    if sort not in (*_COLUMNS, _EXPLANATION):
        raise BadInputError(f"sort is one of {', '.join((*_COLUMNS, _EXPLANATION))}.", field="sort")
    if not 0 <= offset < 2**31:
        raise BadInputError("offset is a whole number from 0.", field="offset")
    if not 1 <= limit <= MOST_ROWS:
        raise BadInputError(f"limit is a whole number from 1 to {MOST_ROWS}.", field="limit")


async def _page(generation: int, n_explained: int, sort: str, descending: bool, offset: int, limit: int) -> list[int]:
    """Indices of one page without a filter."""
    direction = "DESC" if descending else "ASC"
    if sort != _EXPLANATION:
        order = ", ".join(f"{column} {direction}" for column in dict.fromkeys((_COLUMNS[sort], "f.index")))
        sql = f"SELECT f.index FROM features AS f WHERE f.generation_id = :generation ORDER BY {order}"
        return await _indices(sql, generation, offset, limit)
    labelled = f"""
        SELECT l.index FROM feature_labels AS l WHERE l.generation_id = :generation
        ORDER BY l.sort_key {direction}, l.index {direction}"""
    page = await _indices(labelled, generation, offset, limit)
    if len(page) < limit:
        unlabelled = """
            SELECT f.index FROM features AS f WHERE f.generation_id = :generation AND NOT EXISTS (
                SELECT FROM feature_labels AS l WHERE l.generation_id = f.generation_id AND l.index = f.index
            ) ORDER BY f.index"""
        page += await _indices(unlabelled, generation, max(0, offset - n_explained), limit - len(page))
    return page


async def _indices(sql: str, generation: int, offset: int, limit: int) -> list[int]:
    found = await rows(f"{sql} OFFSET :offset LIMIT :limit", generation=generation, offset=offset, limit=limit)
    return [one["index"] for one in found]


async def _feature_rows(generation: int, page: Sequence[int]) -> list[FeatureRow]:
    if not page:
        return []
    found = await rows(
        """
        SELECT f.index, f.density, f.max_activation, coalesce(l.description, '') AS description,
               coalesce(l.type_name, '') AS type_name, e.block
        FROM features AS f
        LEFT JOIN feature_labels AS l ON l.generation_id = f.generation_id AND l.index = f.index
        LEFT JOIN feature_examples AS e ON e.generation_id = f.generation_id AND e.index = f.index
        WHERE f.generation_id = :generation AND f.index = ANY(:page)
        """,
        generation=generation,
        page=list(page),
    )
    previews = await _previews(generation, found)
    by_index = {one["index"]: _row(one, *previews[one["index"]]) for one in found}
    return [by_index[index] for index in page if index in by_index]


Preview = tuple[list[str], list[float], int]


async def _previews(generation: int, found: Sequence[Row]) -> dict[int, Preview]:
    """Tokens around the strongest activation of each feature; nothing for one without examples."""
    nothing: Preview = ([], [], 0)
    stored = {one["index"]: bytes(one["block"]) for one in found if one["block"] is not None}
    decoded = {index: blocks.decode(block, bare=True) for index, block in stored.items()}
    filled = {index: block for index, block in decoded.items() if len(block)}
    try:
        windows = await sequences.windows_of_many(generation, list(filled.values()), only=1)
    except sequences.GenerationGone:
        return {one["index"]: nothing for one in found}
    previews = {one["index"]: nothing for one in found}
    for (index, block), (tokens, *_) in zip(filled.items(), windows, strict=True):
        values, peak = block.strongest()
        first = max(0, peak - _BEFORE)
        around = slice(first, peak + _AFTER + 1)
        previews[index] = (tokens[around], values[around], peak - first)
    return previews


def _row(one: Row, tokens: list[str], values: list[float], peak: int) -> FeatureRow:
    return FeatureRow(
        index=one["index"],
        explanation=original(one["description"]),
        explanation_type=original(one["type_name"]),
        density=one["density"],
        max_activation=one["max_activation"],
        tokens=tokens,
        values=values,
        peak=peak,
    )
