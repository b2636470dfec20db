"""Files put into buckets."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from memicos_app.library.addresses import RefusedAddress
from memicos_app.library.datasets import putting
from memicos_app.library.datasets.bucket import BucketAddress, bucket_of
from memicos_app.library.datasets.origins import open_origin
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


def address(name: str) -> BucketAddress:
    """The bucket of a name."""
    found = bucket_of(name)
    assert found is not None
    return found


def allow(bucket: Bucket) -> tuple[str, ...]:
    """What OUTBOUND_ALLOW would say of the server."""
    return (bucket.endpoint.removeprefix("http://"),)


@pytest.mark.usefixtures("account")
async def test_into_a_bucket(bucket: Bucket, tmp_path: Path) -> None:
    path = tmp_path / "batch"
    path.write_bytes(os.urandom(1000))
    await putting.put(address(bucket.origin), NAME, path, allow(bucket))
    assert bucket.get(NAME) == path.read_bytes()
    await putting.put(address(bucket.origin), NAME, b"other", allow(bucket))
    assert bucket.get(NAME) == b"other"


@pytest.mark.usefixtures("account")
async def test_a_large_file_goes_in_parts(bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(putting, "IN_ONE", 1 << 20)
    path = tmp_path / "large"
    path.write_bytes(os.urandom(40 << 20))
    await putting.put(address(bucket.origin), NAME, path, allow(bucket))
    assert bucket.get(NAME) == path.read_bytes()
    listed = await open_origin(bucket.origin).store.objects("v1")
    assert [(one.etag.partition("-")[2], one.md5) for one in listed] == [("3", "")], "an etag of parts is no MD5"


@pytest.mark.usefixtures("account")
async def test_no_such_bucket(bucket: Bucket) -> None:
    with pytest.raises(UpstreamError, match="no bucket nobody-made-this"):
        await putting.put(address(f"s3://nobody-made-this?endpoint={bucket.endpoint}"), NAME, b"", allow(bucket))


@pytest.mark.parametrize("endpoint", ["http://127.0.0.2:9", "http://169.254.169.254"])
async def test_refused(endpoint: str) -> None:
    with pytest.raises(RefusedAddress):
        await putting.put(address(f"s3://data?endpoint={endpoint}"), NAME, b"")
