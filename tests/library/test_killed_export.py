"""An export is killed with SIGKILL: what was finished is kept, what was half is not there, the end is the same."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from memicos_app.library.datasets import snapshot
from memicos_app.library.datasets.importing import import_source
from memicos_app.library.exporting import export_source
from memicos_app.settings import get_settings
from tests.library.datasets.folder import MODEL, SOURCE, Folder, activation, feature
from tests.library.test_exporting import tree

EXPORT = """
import sys, time
from memicos_app.db import session
from memicos_app.library.exporting import export_source
from memicos_app.library.watch import Unwatched

class Sleepy(Unwatched):
    def tell(self, step, done, total, unit=""):
        if step == "activations" and done > 9:
            print(done, flush=True)
            time.sleep(600)

session.run(export_source(*sys.argv[1:], Sleepy()))
"""


@pytest.fixture
def folder(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """Five features in three batches, with two examples each."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    get_settings.cache_clear()
    made = Folder(tmp_path / "origin")
    indices = (0, 1, 1024, 1025, 2048)
    made.batch("features/batch-0", [feature(i) for i in indices])
    made.batch("activations/batch-0", [activation(i, ["a", "b"], [0, n + 1]) for i in indices for n in range(2)])
    made.write()
    return made


async def test_killed_and_run_again(folder: Folder, tmp_path: Path) -> None:
    await import_source(folder.origin, MODEL, SOURCE)
    place = tmp_path / "out" / "v1" / MODEL / SOURCE
    command = [sys.executable, "-c", EXPORT, MODEL, SOURCE, str(tmp_path / "out")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert await asyncio.to_thread(process.stdout.readline) == "13\n"
        process.kill()
    assert json.loads((place / "manifest.json").read_text())["complete"] is False
    finished = {path: path.stat().st_ino for path in place.glob("*/batch-*")}
    assert {f"{path.parent.name}/{path.name}" for path in finished} == {
        *(f"features/batch-{n}.jsonl.gz" for n in range(3)),
        "activations/batch-0.jsonl.gz",
    }
    await export_source(MODEL, SOURCE, tmp_path / "out")
    assert {path: path.stat().st_ino for path in finished} == finished, "what was finished is not written again"
    await export_source(MODEL, SOURCE, tmp_path / "whole")
    whole = tree(tmp_path / "whole")
    assert tree(tmp_path / "out") == whole


async def test_memory_does_not_grow_with_a_batch(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Examples are read and written a few thousand at a time, whatever a batch holds of them."""
    monkeypatch.setattr(snapshot, "_LINES_A_PIECE", 60)
    folder.batch("features/batch-0", [feature(i) for i in range(200)])
    lines = [activation(i, ["a", f"{n}"], [0, n + 1]) for i in range(200) for n in range(10 if i else 75)]
    folder.batch("activations/batch-0", lines)
    folder.write()
    await import_source(folder.origin, MODEL, SOURCE)
    async with snapshot.snapshot(MODEL, SOURCE) as seen:
        (batch,) = [one for one in await seen.batches() if one.kind == "activations"]
        counts = [count async for _, count in seen.pieces(batch)]
    assert counts == [75, *[60] * 33, 10], "a feature that has more than a piece is one of its own"
