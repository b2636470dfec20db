"""An import is killed with SIGKILL in the middle: nobody sees a trace of it, and it goes on after its last file."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

from memicos_app.library import catalog, features
from memicos_app.library.datasets.importing import import_source
from memicos_app.library.query import rows
from tests.library.datasets.folder import MODEL, SOURCE, Folder, activation, feature

IMPORT = """
import sys, time
from memicos_app.db import session
from memicos_app.library.datasets.importing import import_source
from memicos_app.library.watch import Unwatched

class Sleepy(Unwatched):
    def tell(self, step, *rest):
        if step == "activations":
            print("activations", flush=True)
            time.sleep(600)

session.run(import_source(*sys.argv[1:], watch=Sleepy()))
"""


async def test_killed_and_run_again(database: str, tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.batch("features/batch-0", [feature(i) for i in range(5)])
    folder.batch("activations/batch-0", [activation(i, ["a"], [1.0]) for i in range(5)])
    folder.write()
    command = [sys.executable, "-c", IMPORT, str(folder.origin), MODEL, SOURCE]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert await asyncio.to_thread(process.stdout.readline) == "activations\n"
        assert (await catalog.source(MODEL, SOURCE)).source.state == "importing"
        assert (await features.feature_list(MODEL, SOURCE)).total == 0
        process.kill()
    while (await catalog.source(MODEL, SOURCE)).source.state == "importing":
        await asyncio.sleep(0.05)
    left = await rows("SELECT count(*) AS n FROM features")
    assert left[0]["n"] == 5, "what the dead import wrote is there and belongs to no source"
    assert (await catalog.counts())["features"] == 0
    report = await import_source(folder.origin, MODEL, SOURCE)
    assert (report.n_kept, report.n_files) == (1, 1), "only what was missing is imported"
    left = await rows("SELECT count(*) AS n FROM features")
    assert left[0]["n"] == 5
    assert (await features.feature_list(MODEL, SOURCE)).total == 5
    assert len((await features.feature(MODEL, SOURCE, 4)).activations) == 1
