"""What origins said is kept: pages read it without asking, and a newer upstream is noticed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from memicos_app.library.datasets import listings
from memicos_app.library.datasets.origins import open_origin
from memicos_app.library.errors import NotFoundError, UnavailableError
from memicos_app.settings import get_settings
from tests.library.datasets.folder import MODEL, SOURCE, Folder, feature
from tests.library.datasets.servers import allowed, web


def tree(origin: Path, sources: list[str]) -> Path:
    for source_id in sources:
        made = Folder(origin, source_id=source_id)
        made.batch("features/batch-0", [feature(0)])
        made.write()
    return origin


@pytest.mark.usefixtures("database")
async def test_what_an_origin_said_is_kept(tmp_path: Path) -> None:
    origin = str(tree(tmp_path, ["0-res-tiny", SOURCE]))
    assert await listings.models(origin) == []
    asked = await listings.refresh_models(origin)
    assert [(one.model_id, one.n_sources, one.sources_listed_at) for one in asked] == [(MODEL, 0, None)]
    found = await listings.refresh_sources(origin, MODEL)
    assert [(one.source_id, one.n_objects) for one in found] == [("0-res-tiny", 5), (SOURCE, 5)]
    assert found == await listings.sources(origin) == await listings.sources()
    (known,) = await listings.models(origin)
    assert (known.n_sources, known.n_bytes) == (2, sum(one.n_bytes for one in found))
    assert known.sources_listed_at is not None
    assert await listings.manifest(origin, MODEL, SOURCE) == await open_origin(origin).manifest(MODEL, SOURCE)
    await listings.forget(origin)
    assert (await listings.models(origin), await listings.sources()) == ([], [])


@pytest.mark.usefixtures("database")
async def test_a_newer_upstream_is_noticed(tmp_path: Path) -> None:
    origin = str(tree(tmp_path, [SOURCE, "4-gone"]))
    before = await listings.refresh_sources(origin, MODEL)
    assert await listings.refresh_sources(origin, MODEL) != before, "asked later"
    old = await listings.manifest(origin, MODEL, SOURCE)
    again = Folder(tmp_path)
    again.batch("features/batch-0", [feature(0), feature(1)])
    again.batch("features/batch-1", [feature(1024)])
    again.write()
    (again.path / "release.jsonl").unlink()
    shutil.rmtree(tmp_path / "v1" / MODEL / "4-gone")
    (after,) = await listings.refresh_sources(origin, MODEL)
    assert after.digest not in {one.digest for one in before}
    new = await listings.manifest(origin, MODEL, SOURCE)
    assert old is not None
    assert new is not None
    changes = old.changes(new)
    assert changes.added == ("features/batch-1.jsonl.gz",)
    assert "features/batch-0.jsonl.gz" in changes.changed
    assert changes.removed == ("release.jsonl",)
    assert not new.changes(new)
    shutil.rmtree(tmp_path / "v1" / MODEL)
    assert (await listings.refresh_models(origin), await listings.sources()) == ([], [])


@pytest.mark.usefixtures("database")
async def test_silence_keeps_what_was_said(tmp_path: Path) -> None:
    with web(tree(tmp_path, [SOURCE])) as url:
        assert len(await listings.refresh_sources(url, MODEL)) == 1
    with allowed("127.0.0.1"), pytest.raises(UnavailableError, match="cannot be reached"):
        await listings.refresh_sources(url, MODEL)
    assert [one.source_id for one in await listings.sources(url)] == [SOURCE]


@pytest.mark.usefixtures("database")
async def test_located_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    local = tree(tmp_path / "local", [SOURCE])
    with web(tree(tmp_path / "far", [SOURCE, "9-far"])) as url:
        monkeypatch.setenv("DATASET_ORIGINS", f"{url},{local}")
        get_settings.cache_clear()
        assert (await listings.locate(MODEL, SOURCE)).folder == local, "what is here comes before what is far"
        assert (await listings.locate(MODEL, "9-far")).name == url
        with pytest.raises(NotFoundError, match="No configured origin holds toy/8-none"):
            await listings.locate(MODEL, "8-none")
        assert [one.origin for one in await listings.sources(model_id=MODEL)] == [str(local), url]
    with pytest.raises(NotFoundError, match=f"{url} could not be asked"):
        await listings.locate(MODEL, "9-far")
