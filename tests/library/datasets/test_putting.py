"""Files put into folders and buckets."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from memicos_app.library.addresses import RefusedAddress
from memicos_app.library.datasets import putting
from memicos_app.library.datasets.manifest import UnsafeName
from memicos_app.library.datasets.origins import open_origin
from memicos_app.library.errors import BadInputError, LibraryError
from memicos_app.library.outbound import UpstreamError
from tests.library.datasets.servers import Bucket, s3

NAME = "v1/toy/3-res-tiny/features/batch-0.jsonl.gz"


@pytest.fixture(scope="module")
def bucket() -> Iterator[Bucket]:
    with s3() as made:
        yield made


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a secret")


@pytest.mark.usefixtures("account")
async def test_into_a_bucket(bucket: Bucket, tmp_path: Path) -> None:
    store = open_origin(bucket.origin.replace("?", "/below?")).store
    path = tmp_path / "batch"
    path.write_bytes(os.urandom(1000))
    await store.put(NAME, path)
    assert bucket.get(f"below/{NAME}") == path.read_bytes()
    await store.put(NAME, b"other")
    assert bucket.get(f"below/{NAME}") == b"other"


@pytest.mark.usefixtures("account")
async def test_a_large_file_goes_in_parts(bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(putting, "IN_ONE", 1 << 20)
    path = tmp_path / "large"
    path.write_bytes(os.urandom(40 << 20))
    await open_origin(bucket.origin).store.put(NAME, path)
    assert bucket.get(NAME) == path.read_bytes()
    listed = await open_origin(bucket.origin).store.objects("v1")
    assert [(one.etag.partition("-")[2], one.md5) for one in listed] == [("3", "")], "an etag of parts is no MD5"


async def test_into_a_folder(tmp_path: Path) -> None:
    store = open_origin(tmp_path / "new").store
    await store.put(NAME, b"whole")
    assert (tmp_path / "new" / NAME).read_bytes() == b"whole"
    assert [path.name for path in (tmp_path / "new" / NAME).parent.iterdir()] == ["batch-0.jsonl.gz"]
    with pytest.raises(UnsafeName):
        await store.put("v1/../../x", b"")


@pytest.mark.usefixtures("account")
async def test_no_such_bucket(bucket: Bucket) -> None:
    with pytest.raises(UpstreamError, match="no bucket nobody-made-this"):
        await open_origin(f"s3://nobody-made-this?endpoint={bucket.endpoint}").store.put(NAME, b"")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("s3://data?endpoint=http://127.0.0.2:9", RefusedAddress),
        ("s3://data?endpoint=http://169.254.169.254", RefusedAddress),
        ("https://example.org/data", BadInputError),
    ],
)
async def test_refused(name: str, kind: type[LibraryError]) -> None:
    with pytest.raises(kind):
        await open_origin(name).store.put(NAME, b"")
