"""Search by explanation over a million explanations: time and recall with filters, beside an exact scan.

    python -m benchmarks.explanation_search DIR    # data is made in DIR once; writes results/explanation_search.json

The vectors are the packaged embedder's of real texts, mixed with their like (`explanation_data.py`); the queries are
those of the quality test and pieces of the corpus, embedded as they are. `meaning` is the list that a page
begins with; `hybrid` is a whole page, with words, fusion and 20 features read, its query embedded before. Recall@10
is against comparing all. `raw index` is pgvector's index alone, asked for ten without a filter: the limit.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import psycopg

from benchmarks import explanation_data as data
from memicos_app.db import migrate, session
from memicos_app.db.embedded import EmbeddedPostgres
from memicos_app.library import vocabulary
from memicos_app.library.embedders import Vectors, filling, known
from memicos_app.library.embedders.minilm import DIMENSIONS, embed_now
from memicos_app.library.explanation_search import BLOCKS, Filters, Scope, meaning, search
from memicos_app.library.explanation_search.asked import select
from memicos_app.library.explanation_search.direction import direction
from memicos_app.library.explanation_search.found import Candidate
from memicos_app.library.query import rows_in, writing
from memicos_app.settings import ROOT, get_settings

RESULT = ROOT / "benchmarks" / "results" / "explanation_search.json"
QUERIES = ROOT / "tests" / "data" / "paraphrased_queries.tsv"
LIST, CHECKED = BLOCKS[0], 10
SERVER = {"shared_buffers": "4GB"}
"""Room for the vectors and their index, as `docs/search.md` advises for large installations."""
CASES: dict[str, tuple[Scope, Filters]] = {
    "no filter": (Scope("all"), Filters()),
    "10 %: a model": (Scope("model", model_id="model-3"), Filters()),
    "10 %: by density": (Scope("all"), Filters(density=(None, 10**-4.6))),
    "1 %: a source": (Scope("sources", model_id="model-3", source_ids=("5-res-10k",)), Filters()),
    "1 %: by density": (Scope("all"), Filters(density=(None, 10**-4.96))),
}
GOALS = {"p95_ms": 50, "recall": 0.95}


def main() -> None:
    """Make the data where it is missing, measure, write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--exact", type=int, default=40, help="Queries that are also compared with everything.")
    parser.add_argument("--scheduling", default="as any other work", help="Written beside the load.")
    options = parser.parse_args()
    os.environ |= {"DATABASE_URL": "", "DATA_DIR": str(options.folder / "data")}
    get_settings.cache_clear()
    data.make(options.folder)
    server = EmbeddedPostgres(options.folder / "data", SERVER)
    url = server.ensure_running()
    build_s = prepare(url, options.folder)
    texts = queries(options.queries)
    result = asyncio.run(kept(measure(texts, embed_now(texts), options.exact)))
    real = np.load(options.folder / "real.npy")
    made = np.load(options.folder / "vectors.npy", mmap_mode="r")
    among = np.asarray(made[:: len(made) // len(real)][: len(real)], np.float32)
    some = np.random.default_rng(3).choice(len(real), 500, replace=False)
    result["nearest_neighbour_deciles"] = {
        "real": data.nearness(real[some], real),
        "made, as many": data.nearness(among[some], among),
    }
    result |= {"index_built_s": build_s, "scheduling": options.scheduling}
    write(result, len(made))


async def kept(work: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    """Done as the site does it, whose connections stay: each new one meets every page of the server's memory anew."""
    try:
        return await work
    finally:
        await session.dispose()


def prepare(url: str, folder: Path) -> float | None:
    """The database filled and indexed, unless it is; the seconds that the index took."""
    migrate.upgrade(url)
    plain = url.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(plain, autocommit=True) as connection:
        if not connection.execute("SELECT FROM explanation_embeddings LIMIT 1").fetchall():
            data.fill(plain, folder)
        there = connection.execute("SELECT FROM pg_class WHERE relname = 'explanation_embeddings_1_idx'").fetchall()
        if there:
            return None
        connection.execute("SET maintenance_work_mem = '2500MB'")
        began = time.perf_counter()
        statement = known.vector_index(1, DIMENSIONS, "explanation_embeddings_1_idx")
        connection.execute(statement.encode())
        return round(time.perf_counter() - began, 1)


def queries(count: int) -> list[str]:
    """Paraphrases of explanations and pieces of the corpus, in turn."""
    asked = [line.split("\t")[1] for line in QUERIES.read_text(encoding="utf-8").splitlines()]
    mixed = [text for pair in zip(asked, data.pieces(len(asked), seed=99), strict=True) for text in pair]
    return mixed[:count]


async def measure(texts: Sequence[str], vectors: Vectors, exact: int) -> dict[str, Any]:
    began = time.perf_counter()
    await vocabulary.refresh(always=True)
    counted_s = time.perf_counter() - began
    began = time.perf_counter()
    missing = await filling.n_missing(1)
    missing_ms = 1000 * (time.perf_counter() - began)
    result: dict[str, Any] = {
        "queries": len(texts),
        "compared_with_all": exact,
        "words_counted_s": round(counted_s, 1),
        "nothing_missing_ms": round(missing_ms, 1),
        "missing": missing,
        "raw_index": await raw(vectors),
        "cases": {},
    }
    began = time.perf_counter()
    for text in texts[:20]:
        embed_now([text])
    result["query_embedded_ms"] = round(1000 * (time.perf_counter() - began) / 20, 1)
    for name, (scope, filters) in CASES.items():
        result["cases"][name] = await case(scope, filters, texts, vectors, exact)
        print(name, result["cases"][name], flush=True)
    return result


async def case(scope: Scope, filters: Filters, texts: Sequence[str], vectors: Vectors, exact: int) -> dict[str, Any]:
    """Times and recall with one filter."""
    selection = await select(scope, filters)

    async def near(place: int) -> list[Candidate]:
        return await meaning.nearest(await select(scope, filters), 1, vectors[place], LIST)

    async def all_(place: int) -> list[Any]:
        looked = await direction(1, vectors[place])
        return await meaning.compared(selection, 1, looked, LIST)

    async def page(place: int) -> object:
        return await search(texts[place], scope=scope, filters=filters)

    await warmed(near, len(texts))
    times, found = await timed(near, len(texts))
    exact_times, wanted = await timed(all_, exact)
    hits = [
        len({one.number for one in got[:CHECKED]} & {one["number"] for one in best[:CHECKED]}) / CHECKED
        for got, best in zip(found, wanted, strict=False)
    ]
    await warmed(page, len(texts))
    pages, _ = await timed(page, len(texts))
    return {
        "explanations": selection.n,
        "way": "exact" if selection.n <= meaning.EXACT_BELOW else "index",
        "meaning": times,
        "recall_at_10": round(float(np.mean(hits)), 4),
        "exact_scan": exact_times,
        "hybrid": pages,
    }


async def raw(vectors: Vectors) -> dict[str, float]:
    """The index alone: ten nearest, no join, no filter."""
    sql = f"""
        SELECT explanation_number FROM explanation_embeddings WHERE embedder_id = 1
        ORDER BY CAST(embedding AS halfvec({DIMENSIONS})) <=> CAST(:vector AS halfvec({DIMENSIONS})) LIMIT 10
    """

    async def ask(place: int) -> object:
        async with writing() as reader:
            await rows_in(reader, "SELECT set_config('hnsw.ef_search', '160', true)")
            return await rows_in(reader, sql, vector=meaning.as_text(vectors[place]))

    await warmed(ask, len(vectors))
    times, _ = await timed(ask, len(vectors))
    return times


async def warmed(ask: Callable[[int], Awaitable[object]], count: int) -> None:
    for place in range(count):
        await ask(place)


async def timed(ask: Callable[[int], Awaitable[Any]], count: int) -> tuple[dict[str, float], list[Any]]:
    """p50 and p95 in ms over queries one after the other, and the answers."""
    took, answers = [], []
    for place in range(count):
        began = time.perf_counter()
        answers.append(await ask(place))
        took.append(1000 * (time.perf_counter() - began))
        await asyncio.sleep(0)
    return {name: round(float(np.percentile(took, at)), 1) for name, at in (("p50_ms", 50), ("p95_ms", 95))}, answers


def write(result: dict[str, Any], count: int) -> None:
    whole = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "explanations": count,
        "dimensions": DIMENSIONS,
        "server": SERVER,
        "goals": GOALS,
        **result,
    }
    RESULT.write_text(json.dumps(whole, indent=1) + "\n")


if __name__ == "__main__":
    main()
