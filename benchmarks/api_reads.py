"""How fast features are read where there are a million of them: in the library, over HTTP, and in lists.

    python -m benchmarks.api_reads       # writes results/api_reads.json; needs about 4 GB of disk for a while

The demo's middle layer is imported as it is; then its rows (blocks, logits, histograms, explanations) fill one
more source of a million features by COPY. One client asks for random features, so few answers come from a cache;
`library` is `library.features.feature()`, `http` the same feature from `GET /api/feature/...` by another process.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from psycopg import sql
from psycopg.types.json import Jsonb

from memicos_app.db import migrate, session
from memicos_app.db.embedded import EmbeddedPostgres
from memicos_app.library import explanations, feature_lists, features
from memicos_app.library.datasets.copying import CHUNKS, EXAMPLES, EXPLANATIONS, FEATURES, Connection, Target
from memicos_app.library.datasets.importing import import_source
from memicos_app.library.views import FeatureSort
from memicos_app.settings import ROOT, get_settings

RESULT = ROOT / "benchmarks" / "results" / "api_reads.json"
ORIGIN = ROOT / "demo" / "datasets"
MODEL, SOURCE, LARGE = "smollm2-135m-it", "15-res-4k", "15-res-1m"
GOAL_MS = 5.0


def main() -> None:
    """Fill a server of its own, measure, and write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--features", type=int, default=1_000_000)
    parser.add_argument("--reads", type=int, default=1000)
    parser.add_argument("--port", type=int, default=5963)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DATABASE_URL"] = ""
        os.environ["DATA_DIR"] = folder
        get_settings.cache_clear()
        server = EmbeddedPostgres(Path(folder))
        migrate.upgrade(server.ensure_running())
        try:
            result = asyncio.run(measure(options))
        finally:
            server.stop()
    show(result)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n")


async def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Everything that is measured, in milliseconds where it is a time."""
    began = time.monotonic()
    await import_source(ORIGIN, MODEL, SOURCE)
    imported = time.monotonic() - began
    began = time.monotonic()
    indices = await fill(options.features)
    filled = time.monotonic() - began
    reads = random.Random(0).choices(indices, k=options.reads)
    times = {"library, first reads": await clock(features_read, reads[:50])}
    times["library"] = await clock(features_read, reads)
    async with http_server(options.port) as client:
        times["http"] = await clock(lambda index: http_read(client, index, "identity"), reads)
        times["http, gzip"] = await clock(lambda index: http_read(client, index, "gzip"), reads)
    for name, read in lists(len(indices)).items():
        times[name] = await clock(read, range(20))
    size = await one_value("SELECT pg_database_size(current_database())")
    await session.dispose()
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "load_average": round(os.getloadavg()[0], 1),
        "features": options.features,
        "reads": options.reads,
        "goal_p50_ms": GOAL_MS,
        "milliseconds": times,
        "database_gigabytes": round(size / 1e9, 2),
        "import_of_the_demo_layer_seconds": round(imported, 1),
        "filling_seconds": round(filled, 1),
    }


async def features_read(index: int) -> None:
    found = await features.feature(MODEL, LARGE, index)
    assert found.activations


async def http_read(client: httpx.AsyncClient, index: int, encoding: str) -> None:
    answer = await client.get(f"/feature/{MODEL}/{LARGE}/{index}", headers={"Accept-Encoding": encoding})
    answer.raise_for_status()
    assert answer.content


def lists(count: int) -> dict[str, Callable[[int], Awaitable[None]]]:
    """Pages of the list, named by what is asked for."""

    def page(sort: FeatureSort, offset: int, query: str = "") -> Callable[[int], Awaitable[None]]:
        async def read(_: int) -> None:
            found = await feature_lists.feature_list(MODEL, LARGE, sort=sort, offset=offset, query=query)
            assert found.rows

        return read

    return {
        "list by index, first page": page("index", 0),
        "list by density, middle page": page("density", count // 2),
        "list by explanation, middle page": page("explanation", count // 2),
        "list filtered by a word": page("index", 0, "music"),
    }


async def clock(read: Callable[[int], Awaitable[None]], values: Sequence[int]) -> dict[str, float]:
    """Median and 95th percentile of one call after another, and the median of this process' CPU time, in ms."""
    times, work = [], []
    for value in values:
        began, at_work = time.perf_counter(), time.process_time()
        await read(value)
        times.append((time.perf_counter() - began) * 1000)
        work.append((time.process_time() - at_work) * 1000)
    found = {"p50": np.percentile(times, 50), "p95": np.percentile(times, 95), "cpu_p50": np.percentile(work, 50)}
    return {name: round(float(value), 2) for name, value in found.items()}


@asynccontextmanager
async def http_server(port: int) -> AsyncIterator[httpx.AsyncClient]:
    """The API in a process of its own, and a client that keeps its connection."""
    command = [sys.executable, "-m", "uvicorn", "memicos_app.api.app:api", "--port", str(port)]
    with subprocess.Popen([*command, "--log-level", "warning"], cwd=ROOT) as process:
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
                await answering(client)
                yield client
        finally:
            process.terminate()


async def answering(client: httpx.AsyncClient) -> None:
    for _ in range(600):
        try:
            await client.get("/")
            return
        except httpx.TransportError:
            await asyncio.sleep(0.2)
    raise TimeoutError("The API did not start.")


async def fill(count: int) -> Sequence[int]:
    """A source of `count` features made of the demo's rows in turn; its indices."""
    async with session.raw_connection() as connection:
        source = await generation_of(connection, SOURCE)
        await connection.execute(
            "INSERT INTO sources (model_id, id, set_name, layer, n_features) VALUES (%s, %s, 'res-4k', 15, %s)",
            [MODEL, LARGE, count],
        )
        found = await connection.execute(
            "INSERT INTO source_generations (model_id, source_id, state, n_features) "
            "VALUES (%s, %s, 'ready', %s) RETURNING id",
            [MODEL, LARGE, count],
        )
        large = ((await found.fetchone()) or (0,))[0]
        for target in (FEATURES, EXAMPLES, CHUNKS):
            await multiply(connection, target, source, large, count)
        await explain(connection, source, large, count)
        await connection.execute(
            "UPDATE sources SET current_generation = %s WHERE model_id = %s AND id = %s", [large, MODEL, LARGE]
        )
    async with session.session() as writer:
        await explanations.refresh_labels(writer, MODEL, LARGE)
        await writer.commit()
    async with session.raw_connection() as connection:
        await connection.set_autocommit(True)
        await connection.execute("VACUUM ANALYZE")
    return range(count)


async def multiply(connection: Connection, target: Target, source: int, large: int, count: int) -> None:
    """Rows of one generation over and over in another; sequence chunks once."""
    place = list(target.columns)[1]
    rows = await all_rows(connection, target, source, order=place)
    if target is CHUNKS:
        await target.copy(connection, ((large, *row[1:]) for row in rows))
        return
    await target.copy(connection, ((large, index, *rows[index % len(rows)][2:]) for index in range(count)))


async def explain(connection: Connection, source: int, large: int, count: int) -> None:
    rows = await all_rows(connection, EXPLANATIONS, source, order="index")
    place = {name: at for at, name in enumerate(EXPLANATIONS.columns)}

    def copies() -> Iterator[list[Any]]:
        for index in range(count):
            row = list(rows[index % len(rows)])
            changes = {"id": f"e{index}", "source_id": LARGE, "index": index, "generation_id": large}
            for name, value in changes.items():
                row[place[name]] = value
            yield row

    await EXPLANATIONS.copy(connection, copies())


async def all_rows(connection: Connection, target: Target, generation: int, *, order: str) -> list[Any]:
    """A generation's rows as `target` copies them."""
    names = sql.SQL(", ").join(map(sql.Identifier, target.columns))
    statement = sql.SQL("SELECT {} FROM {} WHERE generation_id = %s ORDER BY {}").format(
        names, sql.Identifier(target.table), sql.Identifier(order)
    )
    found = await (await connection.execute(statement, [generation])).fetchall()
    json_places = [at for at, kind in enumerate(target.columns.values()) if kind == "jsonb"]
    return [[Jsonb(one) if at in json_places else one for at, one in enumerate(row)] for row in found]


async def generation_of(connection: Connection, source_id: str) -> int:
    found = await connection.execute("SELECT current_generation FROM sources WHERE id = %s", [source_id])
    return int(((await found.fetchone()) or (0,))[0])


async def one_value(statement: str) -> int:
    async with session.raw_connection() as connection:
        found = await connection.execute(statement.encode())
        return int(((await found.fetchone()) or (0,))[0])


def show(result: dict[str, Any]) -> None:
    """Print the table."""
    print(f"{result['features']} features, {result['database_gigabytes']} GB, load {result['load_average']}")
    for name, times in result["milliseconds"].items():
        print(f"{name:34} p50 {times['p50']:8.2f} ms   p95 {times['p95']:8.2f} ms   CPU {times['cpu_p50']:6.2f} ms")


if __name__ == "__main__":
    main()
