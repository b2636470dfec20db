"""Activation rows a second from local gzip files into the database, beside a raw COPY of the same bytes.

    python -m benchmarks.imports         # writes results/imports.json

Sources of 1,024 features and 45 examples a feature in each batch file, with all columns of an export. Values are
those of the demo's dashboards, tokens are the demo corpus's: windows that many features share, or windows of their
own. Each source is imported by a process of its own, whose memory is watched: a larger source must not need more.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import psutil
from isal import igzip
from tokenizers import Tokenizer

from benchmarks.storage import demo_examples
from inference_worker.engine.packaged import ensure_packaged_model
from memicos_app.db import migrate, session
from memicos_app.db.embedded import EmbeddedPostgres
from memicos_app.library.datasets import layout
from memicos_app.library.datasets.activation_lines import read_activations
from memicos_app.library.datasets.examples import Gathered
from memicos_app.library.datasets.importing import import_source
from memicos_app.library.datasets.layout import ActivationLine
from memicos_app.library.datasets.reading import Problems
from memicos_app.library.watch import Unwatched
from memicos_app.settings import ROOT, get_settings

RESULT = ROOT / "benchmarks" / "results" / "imports.json"
ORIGIN = ROOT / "demo" / "datasets"
MODEL, DEMO_SOURCE = "smollm2-135m-it", "15-res-4k"
FEATURES_A_FILE, EXAMPLES_EACH, WINDOWS = 1024, 45, 16_384
SIZES = (2, 6)
"""Batch files of the smaller and the larger source."""
GOAL = 100_000


@dataclass(frozen=True, slots=True)
class Shape:
    """What the lines of a source look like."""

    name: str
    tokens: int
    shared: bool


SHAPES = (
    Shape("64 tokens, shared windows", 64, True),
    Shape("128 tokens, shared windows", 128, True),
    Shape("64 tokens, own windows", 64, False),
    Shape("128 tokens, own windows", 128, False),
)


def main() -> None:
    """Measure every shape and write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--one", nargs=2, metavar=("ORIGIN", "SOURCE"), help="import one source and tell how it went")
    parser.add_argument("--shapes", type=int, nargs="*", default=range(len(SHAPES)))
    options = parser.parse_args()
    if options.one:
        print(json.dumps(session.run(import_one(Path(options.one[0]), options.one[1]))))
        return
    corpus = Corpus()
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(DATABASE_URL="", DATA_DIR=folder)
        get_settings.cache_clear()
        server = EmbeddedPostgres(Path(folder))
        migrate.upgrade(server.ensure_running())
        found = {SHAPES[at].name: measure(SHAPES[at], corpus, Path(folder)) for at in options.shapes}
        server.stop()
    write(found)


class Corpus:
    """Windows of real text and values of real features, from the demo."""

    def __init__(self) -> None:
        tokenizer = Tokenizer.from_file(str(ensure_packaged_model(get_settings().models_dir) / "tokenizer.json"))
        self.ids = np.load(ORIGIN / "corpus.npy")[:, 1:].reshape(-1)
        strings = {int(one): tokenizer.decode([int(one)], skip_special_tokens=False) for one in np.unique(self.ids)}
        self.json = {one: orjson.dumps(text).decode() for one, text in strings.items()}
        self.features = list(demo_examples())
        paths = layout.batches(layout.source_folder(ORIGIN, MODEL, DEMO_SOURCE), "features")
        self.lines = [json.loads(line) for path in paths for line in unpacked_lines(path)]

    def window(self, start: int, tokens: int) -> str:
        """JSON of the tokens of a window."""
        return "[" + ",".join([self.json[one] for one in self.ids[start : start + tokens].tolist()]) + "]"


def unpacked_lines(path: Path) -> list[bytes]:
    return gzip.decompress(path.read_bytes()).splitlines()


def measure(shape: Shape, corpus: Corpus, folder: Path) -> dict[str, Any]:
    """Import the two sizes of a shape; COPY the bytes of the larger one."""
    runs = []
    for size in SIZES:
        source = f"{size}-bench"
        files = write_source(shape, corpus, folder / "origin", source, size)
        runs.append(imported(folder / "origin", source, files))
        print(f"{shape.name}, {size} files: {runs[-1]}", flush=True)
    rows = runs[-1]["rows"]
    found = {"runs": runs, "raw_copy": session.run(raw_copy(files, rows)), "floors": floors(files[0], rows / size)}
    print(found["raw_copy"], found["floors"], flush=True)
    subprocess.run(["rm", "-rf", str(folder / "origin")], check=True)
    return found


def write_source(shape: Shape, corpus: Corpus, origin: Path, source: str, files: int) -> list[Path]:
    """A source of so many batch files; the paths of those with activations."""
    rng = np.random.default_rng(7)
    last = len(corpus.ids) - shape.tokens
    starts = rng.integers(last, size=WINDOWS)
    folder = layout.source_folder(origin, MODEL, source)
    paths = []
    for number in range(files):
        indices = range(number * FEATURES_A_FILE, (number + 1) * FEATURES_A_FILE)
        features = ({**corpus.lines[i % len(corpus.lines)], "layer": source, "index": str(i)} for i in indices)
        pack(folder / f"features/batch-{number}.jsonl.gz", (orjson.dumps(line).decode() for line in features))
        paths.append(folder / f"activations/batch-{number}.jsonl.gz")
        choices = starts if shape.shared else np.arange(last)
        drawn = rng.choice(choices, (FEATURES_A_FILE, EXAMPLES_EACH))
        lines = (example_lines(shape, corpus, source, i, row) for i, row in zip(indices, drawn.tolist(), strict=True))
        pack(paths[-1], chain.from_iterable(lines))
    return paths


def example_lines(shape: Shape, corpus: Corpus, source: str, index: int, starts: list[int]) -> Iterator[str]:
    """Lines of one feature as an export has them; 128 tokens get the values of two examples of 64."""
    found = corpus.features[index % len(corpus.features)]
    for place, start in enumerate(starts):
        lines = [found[(place + step) % len(found)] for step in range(0, shape.tokens // 64 * 7, 7)]
        values = [value for line in lines for value in [*line.values, 0.0][:64]]
        yield line_text(source, index, place, lines[0], corpus.window(start, shape.tokens), values)


def line_text(source: str, index: int, place: int, one: ActivationLine, tokens: str, values: list[float]) -> str:
    numbers = ",".join([f"{value:g}" for value in values])
    top = max(values)
    return (
        f'{{"id":"cm{index:08d}{place:015d}","tokens":{tokens},"modelId":"{MODEL}","layer":"{source}",'
        f'"index":"{index}","dataIndex":"{place * 61}","maxValue":{top:g},"maxValueTokenIndex":{values.index(top)},'
        f'"minValue":0,"values":[{numbers}],"creatorId":"cm0000000000000000000000","dataSource":"{one.data_source}",'
        f'"createdAt":"2026-01-01T00:00:00.000Z","dfaValues":[],"dfaMaxValue":null,"dfaTargetIndex":null,'
        f'"lossValues":[],"logitContributions":null,"binMin":{one.bin_min:g},"binMax":{one.bin_max:g},'
        f'"binContains":{one.bin_contains:g},"qualifyingTokenIndex":{values.index(top)}}}'
    )


def pack(path: Path, lines: Iterator[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", 5, encoding="utf-8") as file:
        for line in lines:
            file.write(line + "\n")


def imported(origin: Path, source: str, files: list[Path]) -> dict[str, Any]:
    """A source imported by a process of its own; its memory and its children's is watched."""
    before = server_seconds()
    command = [sys.executable, "-m", "benchmarks.imports", "--one", str(origin), source]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    peak = Peak(process.pid)
    text, _ = process.communicate()
    if process.returncode:
        raise SystemExit("The import failed.")
    return {**json.loads(text), "peak_mb": peak.stop(), "server_cpu_s": round(server_seconds() - before, 2)}


class Peak(threading.Thread):
    """Largest memory of a process and its descendants."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.largest, self._ended = pid, 0, threading.Event()
        self.start()

    def run(self) -> None:
        while not self._ended.wait(0.05):
            self.largest = max(self.largest, memory(self.pid))

    def stop(self) -> float:
        """Stop looking; megabytes."""
        self._ended.set()
        self.join()
        return round(self.largest / 1e6, 1)


def memory(pid: int) -> int:
    """Resident bytes of a process and its descendants; 0 where it ended."""
    try:
        one = psutil.Process(pid)
        return sum(each.memory_info().rss for each in (one, *one.children(recursive=True)))
    except psutil.Error:
        return 0


async def import_one(origin: Path, source: str) -> dict[str, Any]:
    """Import in this process; seconds of the whole and of the activations alone, from file to commit."""
    marks: dict[str, tuple[float, float]] = {}
    before, began = cpu_seconds(), time.perf_counter()

    class Marks(Unwatched):
        def tell(self, step: str, done: float, total: float, unit: str = "") -> None:
            marks[step] = time.perf_counter(), cpu_seconds()

    report = await import_source(origin, MODEL, source, watch=Marks())
    seconds, cpu = (after - start for after, start in zip(marks["activations"], marks["features"], strict=True))
    whole = time.perf_counter() - began
    if report.problems.total or not report.n_examples:
        raise SystemExit(f"{report.n_examples} rows, {[str(one) for one in report.problems.first[:3]]}")
    return {
        "rows": report.n_examples,
        "rows_per_second": round(report.n_examples / seconds),
        "activations_s": round(seconds, 2),
        "activations_cpu_us_per_row": per_row(cpu, report.n_examples),
        "whole_import_s": round(whole, 2),
        "cpu_s": round(cpu_seconds() - before, 2),
    }


def cpu_seconds() -> float:
    """CPU time of this process and of its children that ended."""
    return sum(os.times()[:4])


def server_seconds() -> float:
    """CPU time of the database server so far."""
    main_process = psutil.Process(session.embedded(get_settings().data_dir).place.postmaster)
    total = sum(main_process.cpu_times()[:4])
    for child in main_process.children(recursive=True):
        try:
            total += sum(child.cpu_times()[:2])
        except psutil.Error:
            continue
    return float(total)


async def raw_copy(files: list[Path], rows: int) -> dict[str, float]:
    """The unpacked lines of the same files into a table of one text column, each file in one transaction."""
    before = cpu_seconds() + server_seconds()
    size, began = 0, time.perf_counter()
    async with session.raw_connection() as connection:
        await connection.set_autocommit(True)
        await connection.execute("DROP TABLE IF EXISTS raw_lines")
        await connection.execute("CREATE TABLE raw_lines (line text)")
        for path in files:
            statement = "COPY raw_lines FROM STDIN (FORMAT csv, DELIMITER E'\\x02', QUOTE E'\\x01')"
            async with connection.cursor() as cursor, cursor.copy(statement) as copy:
                with isal_file(path) as file:
                    while block := await asyncio.to_thread(file.read, 1 << 18):
                        size += len(block)
                        await copy.write(block)
        found = await connection.execute("SELECT count(*) FROM raw_lines")
        assert await found.fetchone() == (rows,)
        seconds = time.perf_counter() - began
        await connection.execute("DROP TABLE raw_lines")
    cpu = cpu_seconds() + server_seconds() - before
    return {**rates(seconds, rows), "bytes_per_row": round(size / rows), "cpu_us_per_row": per_row(cpu, rows)}


def rates(seconds: float, rows: float) -> dict[str, float]:
    return {"seconds": round(seconds, 2), "rows_per_second": round(rows / seconds)}


def per_row(seconds: float, rows: float) -> float:
    return round(seconds / rows * 1e6, 2)


def floors(path: Path, rows: float) -> dict[str, float]:
    """CPU microseconds a row of single steps: of the plain way, and of ours without the database."""
    some = unpacked_lines(path)[:5000]
    return {
        "gunzip_zlib": per_row(timed(lambda: through(gzip.GzipFile(path))), rows),
        "gunzip_isal": per_row(timed(lambda: through(isal_file(path))), rows),
        "orjson_whole_lines": per_row(timed(lambda: each(orjson.loads, some)), len(some)),
        "pydantic": per_row(timed(lambda: each(validate, some)), len(some)),
        "our_columns": per_row(timed(lambda: gathered(path, store=False)), rows),
        "our_columns_and_blocks": per_row(timed(lambda: gathered(path, store=True)), rows),
    }


def gathered(path: Path, *, store: bool) -> None:
    """What an import does with a file, without the database."""
    waiting = Gathered()
    for batch in read_activations(path, Problems()):
        if store:
            waiting.add(batch)
    waiting.take()


def timed(work: Callable[[], None]) -> float:
    """CPU seconds, the better of two."""
    found = []
    for _ in range(2):
        began = time.process_time()
        work()
        found.append(time.process_time() - began)
    return min(found)


def isal_file(path: Path) -> gzip.GzipFile:
    file: gzip.GzipFile = igzip.IGzipFile(path)  # type: ignore[no-untyped-call]
    return file


def through(file: gzip.GzipFile) -> None:
    with file:
        while file.read(1 << 18):
            pass


def each(work: Callable[[bytes], Any], lines: list[bytes]) -> None:
    for line in lines:
        work(line)


def validate(line: bytes) -> ActivationLine:
    return ActivationLine.model_validate(orjson.loads(line))


def write(found: dict[str, Any]) -> None:
    """Write the result."""
    result = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "features_per_file": FEATURES_A_FILE,
        "examples_per_feature": EXAMPLES_EACH,
        "windows": WINDOWS,
        "files": SIZES,
        "goal_rows_per_second": GOAL,
        "shapes": found,
    }
    RESULT.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
