"""Activation rows a second out of the database into gzip files in the public layout, and the memory that takes.

    python -m benchmarks.exports         # writes results/exports.json

The demo's middle layer is exported as it is, and once more twice as large: its batches over again under further
indices. Each export runs in a process of its own, whose memory is watched; the larger one must not need more.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from memicos_app.db import migrate, session
from memicos_app.db.embedded import EmbeddedPostgres
from memicos_app.library.datasets import layout
from memicos_app.library.datasets.importing import import_source
from memicos_app.library.exporting import export_source
from memicos_app.settings import ROOT, get_settings

RESULT = ROOT / "benchmarks" / "results" / "exports.json"
ORIGIN = ROOT / "demo" / "datasets"
MODEL, SOURCE = "smollm2-135m-it", "15-res-4k"
TIMES = (1, 2)
PER_BATCH = 1024


def main() -> None:
    """Measure both sizes and write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--one", nargs=2, metavar=("SOURCE", "FOLDER"), help="export one source and tell how it went")
    options = parser.parse_args()
    if options.one:
        print(json.dumps(export_one(options.one[0], Path(options.one[1]))))
        return
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(DATABASE_URL="", DATA_DIR=folder)
        get_settings.cache_clear()
        server = EmbeddedPostgres(Path(folder))
        migrate.upgrade(server.ensure_running())
        runs = [measure(times, Path(folder)) for times in TIMES]
        server.stop()
    write(runs)


def measure(times: int, folder: Path) -> dict[str, Any]:
    """Make and import a source of so many times the demo's size, then export it in a new process."""
    source = f"{times}-bench"
    enlarge(folder / "origin", source, times)
    session.run(import_source(folder / "origin", MODEL, source))
    command = [sys.executable, "-m", "benchmarks.exports", "--one", source, str(folder / "out")]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    run: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(run, flush=True)
    return run


def enlarge(origin: Path, source: str, times: int) -> None:
    """The demo's batches, `times` over, each time under the indices behind the last ones."""
    folder, demo = (layout.source_folder(place, MODEL, name) for place, name in ((origin, source), (ORIGIN, SOURCE)))
    for kind in ("features", "activations"):
        paths = layout.batches(demo, kind)
        (folder / kind).mkdir(parents=True)
        for turn in range(times):
            for number, path in enumerate(paths):
                shift = turn * len(paths) * PER_BATCH
                lines = map(orjson.loads, gzip.decompress(path.read_bytes()).splitlines())
                moved = ({**one, "layer": source, "index": str(int(one["index"]) + shift)} for one in lines)
                target = folder / kind / f"batch-{turn * len(paths) + number}.jsonl.gz"
                target.write_bytes(gzip.compress(b"\n".join(map(orjson.dumps, moved)), 1))


def export_one(source: str, folder: Path) -> dict[str, Any]:
    """Seconds by the clock and by the processor, rows, bytes and the most memory of this process."""
    before = most_memory_mb()
    began, worked = time.monotonic(), time.process_time()
    done = session.run(export_source(MODEL, source, folder))
    seconds, processor = time.monotonic() - began, time.process_time() - worked
    rows = done.counts["activations"]
    return {
        "features": done.counts["features"],
        "rows": rows,
        "packed_mb": round(done.size / 1e6, 1),
        "seconds": round(seconds, 2),
        "processor_seconds": round(processor, 2),
        "rows_a_second": round(rows / seconds),
        "rows_a_processor_second": round(rows / processor),
        "memory_before_mb": before,
        "most_memory_mb": most_memory_mb(),
    }


def most_memory_mb() -> int:
    """The most memory that this process had at a time, as Linux tells it."""
    status = Path("/proc/self/status").read_text()
    return round(int(status.split("VmHWM:")[1].split()[0]) / 1024)


def write(runs: list[dict[str, Any]]) -> None:
    """The result with the machine it is of."""
    result = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"processor": platform.processor() or platform.machine(), "cores": os.cpu_count()},
        "load": round(os.getloadavg()[0], 1),
        "runs": runs,
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
