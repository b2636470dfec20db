"""kill -9 in the middle: the next run goes on, leaves the same bytes, and no process stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from inference_worker.dashboards.generation import Generation, GenerationError
from inference_worker.dashboards.run import generate
from memicos_app.settings import ROOT
from tests.inference_worker.dashboards.conftest import Made

PATIENCE = 900.0


def run_apart(settings: Generation) -> subprocess.Popen[bytes]:
    """The run in a process of its own."""
    code = f"""
from pathlib import Path, PosixPath, WindowsPath
from inference_worker.dashboards.examples import Wanted
from inference_worker.dashboards.generation import Generation
from inference_worker.dashboards.run import generate
if __name__ == "__main__":
    generate({settings!r})
"""
    script = settings.out / "run.py"
    settings.out.mkdir(exist_ok=True)
    script.write_text(code)
    return subprocess.Popen([sys.executable, script], env={**os.environ, "PYTHONPATH": str(ROOT)})


def wait_until(condition: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert process.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.02)


def kill(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """Kill the process alone, as the kernel would for lack of memory; returns what it had started."""
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGKILL)
    process.wait()
    return children


@pytest.mark.slow
def test_a_run_killed_twice_leaves_the_bytes_of_one_that_was_not(
    made: Made, small: Generation, tmp_path: Path
) -> None:
    settings = replace(small, out=tmp_path / "killed", processes=2)
    shards, batches = settings.work / "shards", settings.work / "source" / "features"

    first = run_apart(settings)
    wait_until(lambda: any(shards.glob("*.safetensors")), first)
    left = kill(first)
    _, alive = psutil.wait_procs(left, timeout=120)
    assert not alive, "worker processes outlived the run that started them"
    kept = {path: path.stat().st_mtime_ns for path in shards.glob("*.safetensors")}
    assert kept
    assert not settings.target.exists()

    second = run_apart(replace(settings, processes=1))
    wait_until(lambda: batches.is_dir() and any(batches.glob("batch-*")), second)
    kill(second)
    assert {path: path.stat().st_mtime_ns for path in kept} == kept, "finished work was done again"
    assert not settings.target.exists()

    with pytest.raises(GenerationError, match="seed"):
        generate(replace(settings, seed=settings.seed + 1))
    folder = generate(replace(settings, processes=1))
    assert contents(folder) == contents(made.folder)
    assert not settings.work.exists()


def contents(folder: Path) -> dict[str, bytes]:
    """All files of a source but the one that holds the date."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "generation.json"
    }
