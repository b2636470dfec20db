"""Sources imported over a network that cuts, stalls, fails and changes files: the same rows as from a folder."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from memicos_app.library.datasets.importing import import_source
from memicos_app.library.datasets.manifest import Manifest, Object, dumps
from memicos_app.library.datasets.origins import open_origin
from memicos_app.library.datasets.states import newer
from memicos_app.library.errors import UnavailableError
from memicos_app.library.query import rows
from memicos_app.library.watch import Unwatched
from memicos_app.settings import get_settings
from tests.library.datasets.contents import contents
from tests.library.datasets.drill import rich_folder
from tests.library.datasets.faults import Faulty, digest, faulty
from tests.library.datasets.folder import MODEL, SOURCE, Folder, explanation
from tests.library.datasets.servers import web

ROWS = ("features", "feature_examples", "sequence_chunks", "explanation_embeddings", "import_problems")


@pytest.fixture
def folder(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folder]:
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    get_settings.cache_clear()
    yield rich_folder(tmp_path / "origin")
    get_settings.cache_clear()


@pytest.fixture
def server(folder: Folder) -> Iterator[Faulty]:
    """The folder's files behind a server that cannot list and has a manifest instead."""
    with faulty() as running:
        for path in sorted(folder.path.rglob("*.jsonl*")):
            running.files[path.relative_to(folder.path).as_posix()] = path.read_bytes()
        objects = [Object(name, len(data), md5=digest(data)) for name, data in running.files.items()]
        running.files["manifest.json"] = dumps(Manifest(running.url, MODEL, SOURCE, tuple(objects))).encode()
        yield running


async def stored() -> dict[str, Any]:
    """Rows without what tells origins apart."""
    found = await contents()
    return {name: found[name] for name in ROWS}


async def test_faults_leave_no_trace(folder: Folder, server: Faulty) -> None:
    await import_source(folder.origin, MODEL, SOURCE)
    expected = await stored()
    server.faults["features/batch-0.jsonl.gz"].extend(["truncate", "500"])
    server.faults["activations/batch-0.jsonl.gz"].extend(["stall", "ignore-range"])
    server.faults["activations/batch-1.jsonl.gz"].append("damage")
    server.faults["explanations/batch-1.jsonl.gz"].extend(["429", "truncate", "truncate"])
    report = await import_source(server.origin, MODEL, SOURCE)
    assert (report.verdict.word, report.n_files) == ("complete", 8)
    assert await stored() == expected
    assert all(not left for left in server.faults.values())
    assert (await import_source(server.origin, MODEL, SOURCE)).unchanged


async def test_a_server_that_gives_up_half_way(folder: Folder, server: Faulty) -> None:
    server.faults["activations/batch-2.jsonl.gz"].extend(["500"] * 30)
    with pytest.raises(UnavailableError):
        await import_source(server.origin, MODEL, SOURCE)
    server.faults.clear()
    report = await import_source(server.origin, MODEL, SOURCE)
    assert report.n_kept >= 2
    assert report.n_kept + report.n_files == 8
    assert report.verdict.word == "complete"


async def test_an_object_that_changes_meanwhile(folder: Folder) -> None:
    """What was fetched is what is written down, so that nothing newer is missed and nothing old is taken for new."""
    path = folder.path / "explanations" / "batch-1.jsonl.gz"
    lines = "".join(json.dumps(explanation(index, f"newer {index}")) + "\n" for index in range(7))

    class Changes(Unwatched):
        def tell(self, step: str, done: float, total: float, unit: str = "") -> None:
            if step == "activations" and gzip.decompress(path.read_bytes()).count(b"newer") == 0:
                path.write_bytes(gzip.compress(lines.encode()))

    with web(folder.origin) as url:
        await import_source(url, MODEL, SOURCE, watch=Changes())
        first = await rows("SELECT count(*) AS n FROM explanations WHERE description LIKE 'newer%'")
        manifest = await open_origin(url).manifest(MODEL, SOURCE)
        changed = await newer(MODEL, SOURCE, manifest)
        assert (first[0]["n"], bool(changed)) in ((7, False), (0, True)), "fetched before the change, or after it"
        report = await import_source(url, MODEL, SOURCE)
        assert report.unchanged == (not changed)
        assert not await newer(MODEL, SOURCE, manifest)
    last = await rows("SELECT count(*) AS n FROM explanations WHERE description LIKE 'newer%'")
    assert last[0]["n"] == 7
