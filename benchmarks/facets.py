"""How fast the features of a source of a million are narrowed down: pages of the list, and counts of every facet.

    nice python -m benchmarks.facets     # writes results/facets.json; needs about 5 GB of disk for a while

The demo's middle layer is imported; its rows fill one more source of a million features in the database, with
densities, maxima, explanations of three kinds and scores of two that are drawn at random. Requests are drawn with a
seed: one to three filters, any order, any page. `the database counts` is what Postgres takes, by EXPLAIN ANALYZE, to
count one range of densities and maxima alone: what a page would wait for if each facet were a statement. `cpu` is the
processor time of the asking process, which a loaded machine does not stretch.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import random
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from memicos_app.db import migrate, session
from memicos_app.db.embedded import EmbeddedPostgres
from memicos_app.library import facets, feature_columns, feature_lists
from memicos_app.library.datasets.importing import import_source
from memicos_app.library.explanations import refresh_labels
from memicos_app.library.feature_filters import FeatureFilter, Span
from memicos_app.library.query import rows
from memicos_app.library.views import FeatureSort
from memicos_app.settings import ROOT, get_settings

RESULT = ROOT / "benchmarks" / "results" / "facets.json"
ORIGIN = ROOT / "demo" / "datasets"
MODEL, SOURCE, LARGE = "smollm2-135m-it", "15-res-4k", "15-res-1m"
GOAL_MS = 100.0
SORTS: tuple[FeatureSort, ...] = ("index", "density", "max_activation", "explanation")
WORDS = ("music", "the", "city", "number", "verb")


def main() -> None:
    """Fill a server of its own, measure, and write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--features", type=int, default=1_000_000)
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--scheduling", default="as any other work", help="Written beside the load.")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DATABASE_URL"] = ""
        os.environ["DATA_DIR"] = folder
        get_settings.cache_clear()
        server = EmbeddedPostgres(Path(folder))
        migrate.upgrade(server.ensure_running())
        try:
            result = asyncio.run(measure(options.features, options.requests))
        finally:
            server.stop()
    result |= {"scheduling": options.scheduling}
    print(json.dumps(result, indent=2))
    RESULT.write_text(json.dumps(result, indent=2) + "\n")


async def measure(count: int, n_requests: int) -> dict[str, Any]:
    """Everything that is measured, in milliseconds where it is a time."""
    await import_source(ORIGIN, MODEL, SOURCE)
    began = time.monotonic()
    generation = await fill(count)
    filled = time.monotonic() - began
    asked = requests(n_requests)
    before = round(os.getloadavg()[0], 1)
    began = time.perf_counter()
    found = await feature_columns.columns(MODEL, LARGE)
    read = 1000 * (time.perf_counter() - began)
    assert found is not None
    times = {
        "page of a narrowed list": await clock(asked, page),
        "all facets": await clock(asked, counted),
        "page, again": await clock(asked, page),
    }
    limit = await database_counts(generation)
    await session.dispose()
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "load_average": [before, round(os.getloadavg()[0], 1)],
        "features": count,
        "requests": n_requests,
        "goal_p95_ms": GOAL_MS,
        "milliseconds": times,
        "reading_the_columns_once_ms": round(read),
        "columns_megabytes": round(found.n_bytes / 1e6),
        "the_database_counts_ms": limit,
        "filling_seconds": round(filled),
    }


def requests(count: int) -> list[tuple[FeatureFilter, dict[str, Any]]]:
    """Filters and how the list is asked for; the same at every run."""
    chance = random.Random(5)
    parts: tuple[Callable[[], FeatureFilter], ...] = (
        lambda: FeatureFilter(density=span(chance, -5, -1)),
        lambda: FeatureFilter(max_activation=Span(chance.uniform(0, 60), chance.uniform(60, 120))),
        lambda: FeatureFilter(score_type=chance.choice(["recall_alt", "fuzz"]), score=Span(chance.random())),
        lambda: FeatureFilter(types=(chance.choice(["kind-a", "kind-b", "kind-c"]),)),
        lambda: FeatureFilter(explained=chance.random() < 0.5),
        lambda: FeatureFilter(live=chance.random() < 0.8),
        lambda: FeatureFilter(query=chance.choice(WORDS)),
    )
    made = []
    for _ in range(count):
        wanted = FeatureFilter()
        for part in chance.sample(parts, chance.randint(1, 3)):
            other = part()
            changed = {name: getattr(other, name) for name in other.__slots__ if getattr(other, name) != _empty(name)}
            wanted = replace(wanted, **changed)
        how = {"sort": chance.choice(SORTS), "descending": chance.random() < 0.5}
        made.append((wanted, how | {"offset": 50 * int(10 ** chance.uniform(0, 3.5))}))
    return made


def _empty(name: str) -> Any:
    return getattr(FeatureFilter(), name)


def span(chance: random.Random, low: float, high: float) -> Span:
    ends = sorted(10 ** chance.uniform(low, high) for _ in range(2))
    return Span(*ends)


async def page(wanted: FeatureFilter, how: dict[str, Any]) -> None:
    await feature_lists.feature_list(MODEL, LARGE, filters=wanted, **how)


async def counted(wanted: FeatureFilter, _: dict[str, Any]) -> None:
    assert await facets.facets(MODEL, LARGE, wanted) is not None


async def clock(
    asked: Sequence[tuple[FeatureFilter, dict[str, Any]]],
    ask: Callable[[FeatureFilter, dict[str, Any]], Awaitable[None]],
) -> dict[str, float]:
    """Median, 95th percentile and largest of one request after another; `cpu` is of this process."""
    times, work = [], []
    for wanted, how in asked:
        began, at_work = time.perf_counter(), time.process_time()
        await ask(wanted, how)
        times.append(1000 * (time.perf_counter() - began))
        work.append(1000 * (time.process_time() - at_work))
    found = {"p50": np.percentile(times, 50), "p95": np.percentile(times, 95), "max": max(times)}
    found |= {"cpu_p50": np.percentile(work, 50), "cpu_p95": np.percentile(work, 95)}
    return {name: round(float(value), 1) for name, value in found.items()}


async def database_counts(generation: int) -> float:
    """Execution time that the database says for one count, the median of five."""
    statement = f"""EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) SELECT count(*) FROM features
        WHERE generation_id = {generation} AND density BETWEEN 1e-4 AND 1e-2 AND max_activation BETWEEN 10 AND 80"""
    times = [float((await rows(statement))[0]["QUERY PLAN"][0]["Execution Time"]) for _ in range(5)]
    return round(float(np.median(times)), 1)


async def fill(count: int) -> int:
    """A source of `count` features made of the demo's rows in turn; its generation."""
    async with session.raw_connection() as connection:
        found = await connection.execute("SELECT current_generation FROM sources WHERE id = %s", [SOURCE])
        ((small,),) = await found.fetchall()
        await connection.execute(
            "INSERT INTO sources (model_id, id, set_name, layer, n_features) VALUES (%s, %s, 'res-4k', 15, %s)",
            [MODEL, LARGE, count],
        )
        found = await connection.execute(
            "INSERT INTO source_generations (model_id, source_id, state, n_features) VALUES (%s, %s, 'ready', %s) "
            "RETURNING id",
            [MODEL, LARGE, count],
        )
        ((large,),) = await found.fetchall()
        await connection.execute("SELECT setseed(0.5)")
        for statement in FILLING:
            await connection.execute(statement.format(small=small, large=large, count=count).encode())
        await connection.execute(
            "UPDATE sources SET current_generation = %s WHERE model_id = %s AND id = %s", [large, MODEL, LARGE]
        )
    async with session.session() as writer:
        await refresh_labels(writer, MODEL, LARGE)
        await writer.commit()
    async with session.raw_connection() as connection:
        await connection.set_autocommit(True)
        await connection.execute("VACUUM ANALYZE features, feature_labels, explanations, feature_examples")
    return int(large)


FILLING = (
    """
    CREATE TEMPORARY TABLE place AS
    SELECT n AS index, f.index AS like_index FROM generate_series(0, {count} - 1) AS n
    JOIN (SELECT index, row_number() OVER (ORDER BY index) - 1 AS at,
                 count(*) OVER () AS many FROM features WHERE generation_id = {small}) AS f ON f.at = n % f.many
    """,
    """
    INSERT INTO features (generation_id, index, density, max_activation, negative_tokens, negative_values,
                          positive_tokens, positive_values, histograms)
    SELECT {large}, p.index, CASE WHEN random() < 0.05 THEN 0 ELSE 10 ^ (-5 + 4 * random()) END,
           CASE WHEN random() < 0.05 THEN 0 ELSE 120 * random() END, f.negative_tokens, f.negative_values,
           f.positive_tokens, f.positive_values, f.histograms
    FROM place AS p JOIN features AS f ON f.generation_id = {small} AND f.index = p.like_index ORDER BY p.index
    """,
    """
    INSERT INTO feature_examples (generation_id, index, format, n, block)
    SELECT {large}, p.index, e.format, e.n, e.block
    FROM place AS p JOIN feature_examples AS e ON e.generation_id = {small} AND e.index = p.like_index
    ORDER BY p.index
    """,
    """
    INSERT INTO sequence_chunks (generation_id, chunk, block)
    SELECT {large}, chunk, block FROM sequence_chunks WHERE generation_id = {small}
    """,
    "INSERT INTO explanation_types (name) VALUES ('kind-a'), ('kind-b'), ('kind-c')",
    """
    INSERT INTO explanations (id, model_id, source_id, index, generation_id, description, type_name, scores)
    SELECT 'e' || p.index, 'smollm2-135m-it', '15-res-1m', p.index, {large}, l.description,
           'kind-' || substr('abc', 1 + floor(3 * random())::int, 1),
           CASE WHEN random() < 0.5 THEN '[]'::jsonb ELSE jsonb_build_array(
               jsonb_build_object('type_name', CASE WHEN random() < 0.7 THEN 'recall_alt' ELSE 'fuzz' END,
                                  'value', round(random()::numeric, 3))) END
    FROM place AS p JOIN feature_labels AS l ON l.generation_id = {small} AND l.index = p.like_index
    WHERE random() < 0.8
    """,
)


if __name__ == "__main__":
    main()
