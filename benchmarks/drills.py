"""What people notice when a part of a site dies under them: ten read and two steer while it is killed.

    python -m benchmarks.drills [name …]      # all of them in about eight minutes; root, for the one with a full disk

Each drill waits until texts are being written, does its harm, and goes on until pages and steering are whole again.
Writes `benchmarks/results/drills.json`: what was lost, what was told, and how long it took; `holds` says whether that
is what docs/hosting.md promises.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from benchmarks.drill_crowd import PAGES, READERS, STEERING, Crowd, Event, crowd
from benchmarks.drill_sites import House, balanced, house, kill_postgres, single
from benchmarks.page_sockets import Packets, recorded
from memicos_app.settings import ROOT
from memicos_app.site import frontend
from tests.running import RunningSite

RESULT = ROOT / "benchmarks" / "results" / "drills.json"
LONGEST_S = 300.0
Harm = Callable[[], Awaitable[object]]


@dataclass(frozen=True)
class Promise:
    """What has to hold: how many seconds after the harm something may still be lost or refused."""

    lost_s: float = 0.0
    """Reads that get neither what they asked for nor a sentence began before this."""
    told_s: float = 0.0
    """Reads that get a sentence in place of what they asked for began before this."""
    streams: tuple[str, ...] = ("whole",)
    """How streams end that were being written at the harm."""
    steering_s: float = LONGEST_S
    """A text that is asked for after this is whole again."""


@dataclass(frozen=True)
class Drill:
    """A harm and its promise."""

    harm: Harm
    promise: Promise
    recovers: bool = True


def main() -> None:
    """Do the drills that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    wanted = parser.parse_args().names
    if not frontend.is_current():
        frontend.build()
    with tempfile.TemporaryDirectory(prefix="memicos-drills-") as folder:
        for names, several in SITES.items():
            if not wanted or set(wanted) & set(names):
                asyncio.run(several(Path(folder), wanted or names))


def keep(name: str, outcome: dict[str, Any]) -> None:
    """Show what came of a drill, and write it beside what was found of the others."""
    found = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.is_file() else {}
    found[name] = outcome
    print(name, json.dumps(outcome, indent=2), flush=True)
    RESULT.write_text(json.dumps(found | {"machine": machine()}, indent=2) + "\n", encoding="utf-8")


async def of_one_process(folder: Path, wanted: Sequence[str]) -> None:
    """Drills of a site that brings its worker and its database along."""
    with single(folder / "single") as site:
        packets = await prepared(site.url)

        async def kill_worker() -> None:
            site.part("inference_worker").kill()

        async def kill_database() -> None:
            site.part("postgres").kill()

        async def stop() -> None:
            site.process.send_signal(signal.SIGTERM)

        drills = {
            "worker_killed": Drill(kill_worker, Promise(streams=("told",))),
            "embedded_database_killed": Drill(kill_database, Promise(told_s=5, streams=("whole", "told"))),
            "site_told_to_stop": Drill(stop, Promise(lost_s=LONGEST_S), recovers=False),
        }
        for name, drill in drills.items():
            if name in wanted:
                outcome = await drilled(site.url, packets, drill)
                if not drill.recovers:
                    outcome["exit_status"] = await asyncio.to_thread(site.process.wait, 60)
                    outcome["holds"] &= outcome["exit_status"] == 0 and "Traceback" not in site.log.read_text()
                keep(name, outcome)


async def of_a_full_disk(folder: Path, _wanted: Sequence[str]) -> None:
    """The disk of database and logs is full: who reads notices nothing, whose text cannot be kept is told."""
    if os.geteuid():
        return
    place = folder / "small"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=900m", "memicos-drill", str(place)], check=True)
    try:
        with single(place / "data") as site:
            packets = await prepared(site.url)

            async def fill() -> None:
                await asyncio.to_thread(fill_up, place)

            outcome = await drilled(
                site.url, packets, Drill(fill, Promise(told_s=LONGEST_S, streams=("whole", "told")), recovers=False)
            )
            outcome |= await after_room(site, place)
            keep("disk_full", outcome | {"holds": outcome["holds"] and outcome["after_room"] == "whole"})
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill_up(place: Path) -> None:
    """Every byte."""
    free = os.statvfs(place)
    with (place / "filler").open("wb") as filler:
        os.posix_fallocate(filler.fileno(), 0, free.f_bavail * free.f_frsize)


async def after_room(site: RunningSite, place: Path) -> dict[str, Any]:
    """Whether texts are written and kept again once there is room."""
    async with httpx.AsyncClient(base_url=site.url, timeout=60) as http:
        (place / "filler").unlink()
        found = Crowd(site.url, {})
        await found.note("stream", found.stream(http, 0))
        await found.note("api", found.feature(http))
    outcomes = {one.outcome for one in found.events}
    return {"after_room": "whole" if outcomes == {"whole"} else str(found.events)}


async def of_a_house(folder: Path, wanted: Sequence[str]) -> None:
    """Drills of three web processes over one Postgres, one Redis and a worker elsewhere."""
    with house(folder / "house") as all_of_it:
        async with balanced(all_of_it.sites) as url:
            packets = await prepared(url)
            for name, drill in drills_of(all_of_it).items():
                if name in wanted:
                    keep(name, await drilled(url, packets, drill))


def drills_of(house: House) -> dict[str, Drill]:
    """In an order in which each leaves what the next needs."""

    async def kill_redis() -> None:
        house.redis.end(signal.SIGKILL)
        await asyncio.sleep(2)
        house.redis.start()

    async def kill_postgres_for_a_while() -> None:
        kill_postgres(house.postgres)
        await asyncio.sleep(5)
        await asyncio.to_thread(house.postgres.ensure_running)

    async def kill_worker() -> None:
        await asyncio.to_thread(house.worker.end, signal.SIGKILL)
        house.worker.start()

    async def stop_worker() -> None:
        await asyncio.to_thread(house.worker.end, signal.SIGTERM)
        house.worker.start()

    async def stop_first() -> None:
        house.sites[0].process.send_signal(signal.SIGTERM)

    async def kill_second() -> None:
        house.sites[1].process.kill()

    return {
        "redis_restarted": Drill(kill_redis, Promise(lost_s=6, told_s=6)),
        "postgres_away_for_5_s": Drill(kill_postgres_for_a_while, Promise(told_s=20, streams=("whole", "told"))),
        "worker_elsewhere_killed": Drill(kill_worker, Promise(streams=("told",))),
        "worker_elsewhere_told_to_stop": Drill(stop_worker, Promise()),
        "one_of_three_told_to_stop": Drill(stop_first, Promise(streams=("whole", "told"))),
        "one_of_two_killed": Drill(kill_second, Promise(lost_s=1, streams=("whole", "lost"))),
    }


async def prepared(url: str) -> Packets:
    """What browsers send first there, once the worker is ready."""
    async with httpx.AsyncClient(base_url=url, timeout=30) as http:
        for _ in range(600):
            if (await http.get("/api/status")).json()["worker"]["ready"]:
                return await recorded(url, PAGES)
            await asyncio.sleep(0.5)
    raise SystemExit("The site did not become ready.")


async def drilled(url: str, packets: Packets, drill: Drill) -> dict[str, Any]:
    """Do the harm while two texts are being written; what was seen from then on."""
    async with crowd(url, packets) as seen:
        while len(seen.writing) < STEERING or not [one for one in seen.events if one.kind == "page"]:
            await asyncio.sleep(0.05)
        await asyncio.sleep(1)
        harmed, before = time.monotonic(), list(seen.events)
        await drill.harm()
        await calm(seen, harmed, recovers=drill.recovers)
    return summary(before, [one for one in seen.events if one not in before], harmed, drill)


async def calm(seen: Crowd, harmed: float, *, recovers: bool) -> None:
    """Until texts and pages that were asked for after the harm are whole, and nothing else was seen for five seconds.

    Where nothing recovers: for 25 seconds, and until the texts that were being written have ended.
    """
    began = time.monotonic()
    while time.monotonic() < began + LONGEST_S:
        await asyncio.sleep(0.5)
        since = [one for one in seen.events if one.began > harmed]
        if not recovers and time.monotonic() > began + 25 and min(seen.writing.values(), default=harmed) >= harmed:
            return
        bad = [one.ended for one in since if one.outcome != "whole"]
        whole = Counter(one.kind for one in since if one.outcome == "whole")
        enough = whole["stream"] > STEERING and whole["page"] > READERS
        if recovers and enough and time.monotonic() - max(bad, default=harmed) > 5:
            return


def summary(before: list[Event], events: list[Event], harmed: float, drill: Drill) -> dict[str, Any]:
    """Figures for the file, and whether the promise holds."""
    reads = [one for one in events if one.kind != "stream"]
    last = {kind: max((one.began - harmed for one in reads if one.outcome == kind), default=0.0) for kind in OUTCOMES}
    in_the_air = [one for one in events if one.kind == "stream" and one.began < harmed]
    later = [one for one in events if one.kind == "stream" and one.began >= harmed]
    whole_again = min((one.began - harmed for one in later if one.outcome == "whole"), default=None)
    promise = drill.promise
    holds = (
        all(one.outcome == "whole" for one in before)
        and last["lost"] <= promise.lost_s
        and last["told"] <= promise.told_s
        and all(one.outcome in promise.streams for one in in_the_air)
        and (not drill.recovers or (whole_again is not None and whole_again <= promise.steering_s))
    )
    return {
        "holds": holds,
        "reads": dict(Counter(one.outcome for one in reads)),
        "last_read_told_s": round(last["told"], 1),
        "last_read_lost_s": round(last["lost"], 1),
        "streams_in_the_air": dict(Counter(one.outcome for one in in_the_air)),
        "later_streams": dict(Counter(one.outcome for one in later)),
        "steering_whole_again_s": None if whole_again is None else round(whole_again, 1),
        "words": {kind: words_of(events, kind) for kind in ("page", "api", "stream")},
    }


def words_of(events: list[Event], kind: str) -> dict[str, int]:
    """What was said most often where something was not whole."""
    return dict(Counter(one.words for one in events if one.words and one.kind == kind).most_common(4))


OUTCOMES = ("whole", "told", "lost")


def machine() -> dict[str, Any]:
    """Where it ran."""
    return {
        "processors": os.cpu_count(),
        "python": platform.python_version(),
        "readers": READERS,
        "steering": STEERING,
    }


SITES = {
    ("worker_killed", "embedded_database_killed", "site_told_to_stop"): of_one_process,
    ("disk_full",): of_a_full_disk,
    (
        "redis_restarted",
        "postgres_away_for_5_s",
        "worker_elsewhere_killed",
        "worker_elsewhere_told_to_stop",
        "one_of_three_told_to_stop",
        "one_of_two_killed",
    ): of_a_house,
}


if __name__ == "__main__":
    main()
