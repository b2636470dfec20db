"""An export into a bucket is the one into a folder, and an origin to import from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from memicos_app.library.datasets.importing import import_source
from memicos_app.library.datasets.targets import open_target
from memicos_app.library.errors import BadInputError
from memicos_app.library.exporting import export_source
from memicos_app.library.outbound import UpstreamError
from memicos_app.library.watch import Level, Stopped
from memicos_app.settings import get_settings
from tests.library.datasets.folder import MODEL, SOURCE, Folder, activation, explanation, feature
from tests.library.datasets.servers import Bucket, s3


@pytest.fixture(scope="module")
def bucket() -> Iterator[Bucket]:
    with s3() as made:
        yield made


@pytest.fixture
def folder(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folder]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a secret")
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    get_settings.cache_clear()
    made = Folder(tmp_path / "origin")
    made.batch("features/batch-0", [feature(i) for i in (0, 1, 2000)])
    made.batch("activations/batch-0", [activation(i, ["a", " b"], [0, i + 1.5]) for i in (0, 1, 2000)])
    made.batch("explanations/batch-0", [explanation(1, "x", id="e", createdAt="2020-01-01T00:00:00")])
    made.write()
    yield made
    get_settings.cache_clear()


class Stops:
    """Stops at a checkpoint."""

    def __init__(self, at: int) -> None:
        self.left = at

    def tell(self, step: str, done: float, total: float, unit: str = "") -> None: ...

    def log(self, text: str, level: Level = "info") -> None: ...

    async def checkpoint(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Stopped


async def test_into_a_bucket_stopped_and_gone_on_with(bucket: Bucket, folder: Folder, tmp_path: Path) -> None:
    await import_source(folder.origin, MODEL, SOURCE)
    exported = await export_source(MODEL, SOURCE, tmp_path / "out")
    place = bucket.origin.replace("?", "/deep/er?")
    with pytest.raises(Stopped):
        await export_source(MODEL, SOURCE, place, Stops(5))
    bucket.put(f"deep/er/v1/{MODEL}/{SOURCE}/features/batch-7.jsonl.gz", b"of an earlier export")
    await export_source(MODEL, SOURCE, place)
    target = open_target(place)
    sizes = await target.sizes(f"v1/{MODEL}/{SOURCE}")
    names = [*(one.name for one in exported.files), "manifest.json"]
    assert sizes.keys() == {f"v1/{MODEL}/{SOURCE}/{name}" for name in names}
    for name in [*sizes, "v1/config/explanation_type.jsonl"]:
        assert bucket.get(f"deep/er/{name}") == (tmp_path / "out" / name).read_bytes()
    bucket.put_folder(tmp_path / "out", "open/")
    report = await import_source(bucket.origin.replace("?", "/open?"), MODEL, SOURCE)
    assert (report.n_features, report.n_examples, report.n_explanations) == (3, 3, 1)
    assert not [path for path in (tmp_path / "data" / "exports").rglob("*.gz") if path.is_file()]


async def test_what_is_no_target(bucket: Bucket, folder: Folder) -> None:
    await import_source(folder.origin, MODEL, SOURCE)
    with pytest.raises(UpstreamError, match="no bucket nobody-made-this"):
        await export_source(MODEL, SOURCE, f"s3://nobody-made-this?endpoint={bucket.endpoint}")
    with pytest.raises(BadInputError, match="neither a folder nor"):
        open_target("https://example.org/data")
