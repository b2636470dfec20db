"""A source imported over a network that fails in every way is the same, row by row, as one from a folder."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from memicos_app.library.datasets import downloads, manifest
from memicos_app.library.datasets.importing import import_source
from memicos_app.library.datasets.manifest import Object
from memicos_app.library.datasets.origins import open_origin
from memicos_app.library.datasets.swelling import Swollen
from memicos_app.settings import get_settings
from tests.library.datasets.contents import contents, differences
from tests.library.datasets.drill import rich_folder
from tests.library.datasets.faults import digest, faulty
from tests.library.datasets.folder import MODEL, SOURCE, Folder
from tests.library.datasets.servers import s3
from tests.library.datasets.test_swelling import bomb

FAULTS = ["truncate", "stall", "500", "503", "damage", "ignore-range"]
PLACES = ("import_files", "generation")
"""What names the origin."""


@pytest.fixture
def folder(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    get_settings.cache_clear()
    made = rich_folder(tmp_path / "origin")
    for name in ("explanations/batch-0", "explanations/batch-1"):
        # Otherwise they are as old as their file, which is another time at each origin.
        made.batch(
            name, [{**row, "createdAt": "2026-01-01T00:00:00"} for row in made.batches[name] if isinstance(row, dict)]
        )
    made.write()
    return made


async def rows(origin: Any) -> dict[str, Any]:
    """Import anew and say what the database holds then, but for where it came from."""
    await import_source(origin, MODEL, SOURCE, again=True)
    return {name: found for name, found in (await contents()).items() if name not in PLACES}


async def test_through_faults(folder: Folder) -> None:
    expected = await rows(folder.origin)
    chance = random.Random(4)
    with faulty() as server:
        files = [path for path in folder.path.rglob("*") if path.is_file()]
        server.files = {path.relative_to(folder.path).as_posix(): path.read_bytes() for path in files}
        listed = [Object(name, len(data), digest(data), md5=digest(data)) for name, data in server.files.items()]
        told = manifest.manifest_of(server.url, MODEL, SOURCE, listed)
        for one in told.objects:
            server.faults[one.name].extend(chance.sample(FAULTS, 2))
        server.files[manifest.FILE] = manifest.dumps(told).encode()
        assert differences(expected, await rows(server.origin)) == []
        assert len(server.asked) > 2 * len(files), "faults were met"
    left = [path for path in downloads.downloads_dir().rglob("*") if path.is_file() and ".jsonl.gz" in path.name]
    assert left == []


async def test_from_a_bucket(folder: Folder) -> None:
    expected = await rows(folder.origin)
    with s3() as bucket:
        bucket.put_folder(folder.origin)
        assert differences(expected, await rows(bucket.origin)) == []
        again = await import_source(open_origin(bucket.origin), MODEL, SOURCE)
        assert again.unchanged, "the bucket says that nothing changed"


async def test_a_bomb_leaves_what_is_here(folder: Folder) -> None:
    expected = await rows(folder.origin)
    (folder.path / "features/batch-1.jsonl.gz").write_bytes(bomb(b"\n", 64))
    with pytest.raises(Swollen, match=r"batch-1\.jsonl\.gz unpacks to more than 500 times its size"):
        await import_source(folder.origin, MODEL, SOURCE)
    assert (
        differences(expected, {name: found for name, found in (await contents()).items() if name in expected}) == []
    )
