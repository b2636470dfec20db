"""Origins of every kind say the same of the same tree."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from memicos_app.library.datasets.fetching import cards_at_hand, fetched
from memicos_app.library.datasets.origins import open_origin
from memicos_app.library.errors import BadInputError, NotFoundError
from memicos_app.settings import get_settings
from tests.library.datasets.folder import MODEL, SOURCE, Folder, explanation, feature
from tests.library.datasets.servers import Bucket, s3, web


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folder]:
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    get_settings.cache_clear()
    made = Folder(tmp_path / "origin")
    for number in (0, 1, 2, 10):
        made.batch(f"features/batch-{number}", [feature(number)])
    made.batch("explanations/batch-0", [explanation(0, "one")])
    made.write()
    yield made
    get_settings.cache_clear()


@pytest.fixture(scope="module")
def bucket() -> Iterator[Bucket]:
    with s3() as made:
        yield made


@pytest.fixture(params=["folder", "web", "bucket"])
def origin(request: pytest.FixtureRequest, folder: Folder, bucket: Bucket) -> Iterator[str]:
    if request.param == "folder":
        yield str(folder.origin)
    elif request.param == "bucket":
        bucket.put_folder(folder.origin, "a/b/")
        yield bucket.origin.replace("?", "/a/b?")
    else:
        with web(folder.origin) as url:
            yield url


async def test_what_is_there(origin: str, folder: Folder) -> None:
    opened = open_origin(origin)
    assert await opened.models() == [MODEL]
    assert await opened.sources(MODEL) == [SOURCE]
    assert await opened.sources("other") == []
    listed = await opened.manifest(MODEL, SOURCE)
    batches = [f"features/batch-{number}.jsonl.gz" for number in (0, 1, 2, 10)]
    cards = ["model.jsonl", "release.jsonl", "source.jsonl", "sourceset.jsonl"]
    assert [one.name for one in listed.objects] == [*cards, *batches, "explanations/batch-0.jsonl.gz"]
    assert listed.size == sum((folder.path / one.name).stat().st_size for one in listed.objects)
    with pytest.raises(NotFoundError):
        await opened.manifest(MODEL, "4-none")


async def test_files_arrive_in_order(origin: str, folder: Folder) -> None:
    opened = open_origin(origin)
    listed = await opened.manifest(MODEL, SOURCE)
    names = [one.name for one in listed.batches("features")]
    async for one, path in fetched(opened, listed, names):
        assert one.name == names.pop(0)
        assert path.read_bytes() == (folder.path / one.name).read_bytes()
    assert names == []
    at_hand = await cards_at_hand(opened, listed)
    assert (at_hand / "model.jsonl").read_bytes() == (folder.path / "model.jsonl").read_bytes()


@pytest.mark.parametrize(
    "name",
    [
        *("ftp://host/x", "s3://", "s3://UPPER", "s3://good-name?color=red", "s3://data?endpoint=ftp://x"),
        *("https://", "https://me:secret@example.org/", "https://example.org/?token=x", "s3://data?region=../x"),
    ],
)
def test_names_that_are_none(name: str) -> None:
    with pytest.raises(BadInputError):
        open_origin(name)


async def test_folders_may_be_links(folder: Folder, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (folder.path / "features").rename(elsewhere)
    (folder.path / "features").symlink_to(elsewhere)
    (folder.path / "round").symlink_to(folder.path)
    opened = open_origin(folder.origin)
    listed = await opened.manifest(MODEL, SOURCE)
    assert len(listed.batches("features")) == 4
    assert (await opened.survey(MODEL))[SOURCE].digest == listed.digest


async def test_a_survey_says_what_manifests_say(origin: str, folder: Folder) -> None:
    opened = open_origin(origin)
    assert await opened.survey(MODEL) == {SOURCE: await opened.manifest(MODEL, SOURCE)}
    assert (await opened.config()).objects == ()
