"""A hundred people who read and eight who steer, for five minutes, on one machine with the site itself.

    python -m benchmarks.load [--people 100] [--steering 8] [--minutes 5]

Each reader opens a page as a browser does (its HTML, its socket with the browser's own first packet, all that is
loaded until the page says it is complete), reads for some seconds, and opens the next. The packets are recorded from
Chromium before. Those who steer have a text of 48 tokens streamed by the API, again and again. All of it runs on the
processors of the site, which is open to visitors and does not count them, as they share one address. Writes
`benchmarks/results/load.json`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import random
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
import socketio  # type: ignore[import-untyped]

from benchmarks.page_sockets import COMPLETE, Packets, opened, recorded
from benchmarks.startup import COMMAND, running
from memicos_app.db import session
from memicos_app.library import garbage, jobs
from memicos_app.settings import ROOT

RESULT = ROOT / "benchmarks" / "results" / "load.json"
GOAL_MS = 300
MODEL, SOURCE = "smollm2-135m-it", "15-res-4k"
PAGES = (
    "/",
    f"/{MODEL}",
    f"/{MODEL}/{SOURCE}",
    f"/{MODEL}/{SOURCE}/12",
    f"/{MODEL}/{SOURCE}/100",
    f"/{MODEL}/{SOURCE}/1000",
    f"/{MODEL}/{SOURCE}/2000",
    "/search-explanations/?q=days+of+the+week",
)
READING_S = (5.0, 15.0)
STEER = {
    "modelId": MODEL,
    "prompt": "The history of the city begins with",
    "features": [{"modelId": MODEL, "layer": SOURCE, "index": 100, "strength": 40}],
    "temperature": 0.5,
    "n_tokens": 48,
    "freq_penalty": 0,
    "seed": 1,
    "strength_multiplier": 1,
    "stream": True,
}


@dataclass
class Seen:
    """What everybody saw together."""

    pages: dict[str, list[float]] = field(default_factory=dict)
    """Milliseconds until complete, by page."""
    steered: list[float] = field(default_factory=list)
    """Seconds until a text was written."""
    faults: Counter[str] = field(default_factory=Counter)
    memory: list[float] = field(default_factory=list)
    """MB of the web process, every five seconds."""


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=100)
    parser.add_argument("--steering", type=int, default=8)
    parser.add_argument("--minutes", type=float, default=5)
    options = parser.parse_args()
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="memicos-load-") as folder:
        models = ROOT / ".memicos" / "models"
        if models.is_dir():
            (Path(folder) / "models").symlink_to(models)
        settings = {"DATA_DIR": folder, "EMBED_AT_START": "true", "ACCESS": "open", "RATE_LIMITS": "off"}
        os.environ["DATA_DIR"] = folder
        with running(COMMAND, ROOT, settings) as (url, _):
            seen = asyncio.run(crowd(url, listening(int(url.rpartition(":")[2])), options))
    result = summary(seen, options) | {"load_before": round(before, 1), "machine": machine()}
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=2))


def listening(port: int) -> int:
    """The process that listens there."""
    found = (one.pid for one in psutil.net_connections() if one.status == "LISTEN" and one.laddr.port == port)
    return int(next(found) or 0)


async def crowd(url: str, pid: int, options: argparse.Namespace) -> Seen:
    """Everybody at once, until the time is over."""
    await ready(url)
    packets = await recorded(url, PAGES)
    garbage.settle()  # what measures should not stop the clock by its own collections
    seen = Seen({page: [] for page in PAGES})
    end = time.monotonic() + 60 * options.minutes
    async with httpx.AsyncClient(base_url=url, timeout=120, limits=httpx.Limits(max_connections=None)) as http:
        readers = (reader(n, http, url, packets, seen, end) for n in range(options.people))
        writers = (writer(n, http, seen, end) for n in range(options.steering))
        await asyncio.gather(*readers, *writers, watch(pid, seen, end))
    return seen


async def ready(url: str) -> None:
    """The worker answers, and explanations can be searched by meaning."""
    async with httpx.AsyncClient(base_url=url, timeout=30) as http:
        for _ in range(600):
            status = (await http.get("/api/status")).json()
            if status["worker"]["ready"] and not await jobs.count_open():
                await session.dispose()
                return
            await asyncio.sleep(1)
    raise SystemExit("The site did not become ready.")


async def reader(n: int, http: httpx.AsyncClient, url: str, packets: Packets, seen: Seen, end: float) -> None:
    """One person who reads page after page."""
    chance = random.Random(n)
    await asyncio.sleep(chance.uniform(0, READING_S[1]))
    while time.monotonic() < end:
        page = chance.choice(PAGES)
        began = time.perf_counter()
        try:
            async with asyncio.timeout(60):
                (await http.get(page)).raise_for_status()
                socket = await completed(url, packets[page])
            seen.pages[page].append(1000 * (time.perf_counter() - began))
            await asyncio.sleep(min(chance.uniform(*READING_S), max(0.0, end - time.monotonic())))
            await socket.disconnect()
        except Exception as error:
            seen.faults[f"{page}: {type(error).__name__} {error}"[:200]] += 1


async def completed(url: str, entering: tuple[str, Any]) -> socketio.AsyncClient:
    """A page's socket once the page is complete."""
    complete = asyncio.Event()
    socket = await opened(url, entering, lambda update: complete.set() if COMPLETE in update else None)
    await complete.wait()
    return socket


async def writer(n: int, http: httpx.AsyncClient, seen: Seen, end: float) -> None:
    """One person who steers again and again."""
    while time.monotonic() < end:
        began = time.perf_counter()
        try:
            body = {**STEER, "seed": n * 100_000 + len(seen.steered)}
            async with http.stream("POST", "/api/steer", json=body) as answer:
                text = "".join([piece async for piece in answer.aiter_text()])
            if answer.status_code != 200 or "shareUrl" not in text:
                raise RuntimeError(f"{answer.status_code} {text[-120:]}")
            seen.steered.append(time.perf_counter() - began)
        except Exception as error:
            seen.faults[f"steer: {type(error).__name__} {error}"[:200]] += 1
            await asyncio.sleep(1)
        await asyncio.sleep(1)


async def watch(pid: int, seen: Seen, end: float) -> None:
    """Memory of the web process."""
    process = psutil.Process(pid)
    while time.monotonic() < end:
        seen.memory.append(process.memory_info().rss / 1e6)
        await asyncio.sleep(5)


def summary(seen: Seen, options: argparse.Namespace) -> dict[str, Any]:
    """Figures for the file."""
    every = [one for page in seen.pages.values() for one in page]
    third = max(1, len(seen.memory) // 3)
    return {
        "people": options.people,
        "steering": options.steering,
        "minutes": options.minutes,
        "goal_p95_ms": GOAL_MS,
        "page_reads": {**shares(every), "per_second": round(len(every) / 60 / options.minutes, 1)},
        "by_page": {name: shares(values) for name, values in seen.pages.items() if values},
        "steered_texts": {
            "count": len(seen.steered),
            "median_s": round(statistics.median(seen.steered), 2) if seen.steered else None,
            "tokens_per_second": round(2 * STEER["n_tokens"] * len(seen.steered) / 60 / options.minutes, 1),  # type: ignore[operator]
        },
        "faults": dict(seen.faults),
        "memory_mb": {
            "second_third": round(statistics.mean(seen.memory[third : 2 * third] or seen.memory), 1),
            "last_third": round(statistics.mean(seen.memory[2 * third :] or seen.memory), 1),
            "most": round(max(seen.memory), 1),
        },
    }


def shares(values: Sequence[float]) -> dict[str, Any]:
    """Count, median and 95th percentile in milliseconds."""
    ordered = sorted(values)
    at = {name: round(ordered[int(share * (len(ordered) - 1))], 1) for name, share in (("p50", 0.5), ("p95", 0.95))}
    return {"count": len(ordered), **at, "worst": round(ordered[-1], 1)}


def machine() -> dict[str, Any]:
    """Where it ran."""
    return {"processors": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()}


if __name__ == "__main__":
    main()
