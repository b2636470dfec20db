"""How long it takes from a command to a page: a second start, a first one, and from nothing but a clone.

    python -m benchmarks.startup             # second and first start; writes results/startup.json
    python -m benchmarks.startup --fresh     # a clone of HEAD as well: packages, build, import (minutes)

A page counts as reached when `/` is answered completely. CPU seconds are those of `memicos run` and its children
that ended, database server and worker apart: they feel other work on the machine less than the wall's seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from memicos_app.settings import ROOT, get_settings

RESULT = ROOT / "benchmarks" / "results" / "startup.json"
GOAL_S = 15.0
COMMAND = (sys.executable, "-m", "memicos_app.cli", "run")
PATIENCE = 3600.0


@dataclass(frozen=True)
class Start:
    """One start: seconds until the page, and CPU seconds until then."""

    seconds: float
    cpu_seconds: float


def main() -> None:
    """Measure, and keep what was measured before of what is not measured now."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--fresh", action="store_true", help="also install into a clone of HEAD")
    options = parser.parse_args()
    before = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.is_file() else {}
    with tempfile.TemporaryDirectory(prefix="memicos-startup-") as folder:
        result = {**before, **warm(Path(folder), options.rounds)}
        if options.fresh:
            result["install_to_page"] = fresh(Path(folder) / "clone")
    result["machine"] = machine()
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=2))


def warm(folder: Path, rounds: int) -> dict[str, Any]:
    """A first start with the packages there and nothing else, then later ones."""
    settings = {"DATA_DIR": str(folder / "data"), "WEB_DIR": str(folder / "web")}
    first = start(COMMAND, ROOT, settings)
    later = [start(COMMAND, ROOT, settings) for _ in range(rounds)]
    return {
        "second_start": {
            "goal_s": GOAL_S,
            "best_s": round(min(one.seconds for one in later), 2),
            "median_s": round(statistics.median(one.seconds for one in later), 2),
            "median_cpu_s": round(statistics.median(one.cpu_seconds for one in later), 2),
            "rounds": rounds,
        },
        "first_start": {"seconds": round(first.seconds, 1), "cpu_s": round(first.cpu_seconds, 1)},
    }


def fresh(clone: Path) -> dict[str, Any]:
    """`make run` in a clone of HEAD with nothing installed."""
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    done = start(["make", "run"], clone, {"DATA_DIR": str(clone / ".memicos"), "WEB_DIR": str(clone / ".web")})
    shutil.rmtree(clone)
    return {"seconds": round(done.seconds, 1), "cpu_s": round(done.cpu_seconds, 1)}


def start(command: Sequence[str], cwd: Path, settings: dict[str, str]) -> Start:
    """Run the command until its page is there, then stop it."""
    with running(command, cwd, settings) as (_, reached):
        return reached


@contextmanager
def running(command: Sequence[str], cwd: Path, settings: dict[str, str]) -> Iterator[tuple[str, Start]]:
    """A site that the command starts: its address and what it took, once its page is there; stopped at the end."""
    port = free_port()
    environment = {
        **os.environ,
        "DATABASE_URL": "",
        **settings,
        "PORT": str(port),
        "INFERENCE_PORT": str(free_port()),
    }
    began = time.monotonic()
    process = subprocess.Popen(command, cwd=cwd, env=environment, start_new_session=True, stdout=subprocess.DEVNULL)
    try:
        wait(f"http://127.0.0.1:{port}/", process)
        yield f"http://127.0.0.1:{port}", Start(time.monotonic() - began, cpu_seconds(process.pid))
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def wait(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=30) as answer:
                answer.read()
                return
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.02)
    sys.exit(f"{address} never answered; exit status {process.poll()}")


def cpu_seconds(pid: int) -> float:
    """Of the process, what it waited for, and the same of the `memicos run` that make waits for."""
    processes = [psutil.Process(pid)]
    processes += [one for one in processes[0].children() if processes[0].name() == "make"]
    return sum(sum(one.cpu_times()[:4]) for one in processes)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def machine() -> dict[str, Any]:
    return {
        "cpu_count": os.cpu_count(),
        "python": platform.python_version(),
        "system": platform.platform(terse=True),
        "load_average_1m": round(os.getloadavg()[0], 1),
        "model": get_settings().model_id,
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
    }


if __name__ == "__main__":
    main()
