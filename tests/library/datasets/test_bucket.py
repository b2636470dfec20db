"""Buckets of a server that speaks S3: pages of listings, ranges, what is not public, and names of buckets."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from memicos_app.library.datasets import bucket as buckets
from memicos_app.library.datasets.bucket import BucketAddress, bucket_of
from memicos_app.library.datasets.downloads import Downloads
from memicos_app.library.datasets.fetching import fetched
from memicos_app.library.datasets.manifest import UnsafeName
from memicos_app.library.datasets.origins import open_origin
from memicos_app.library.errors import BadInputError, NotFoundError
from memicos_app.library.outbound import UpstreamError
from memicos_app.settings import get_settings
from tests.library.datasets.faults import digest
from tests.library.datasets.servers import Bucket, s3

N_SOURCES, N_BATCHES = 26, 45


@pytest.fixture(scope="module")
def bucket() -> Iterator[Bucket]:
    """1,196 objects of one model, and a few of others."""
    with s3() as made:
        with made.connected():
            for layer in range(N_SOURCES):
                root = f"v1/wide/{layer}-res-tiny"
                made.put(f"{root}/model.jsonl", b"{}\n")
                for number in range(N_BATCHES):
                    made.put(f"{root}/features/batch-{number}.jsonl.gz", b"%d %d" % (layer, number))
            made.put("v1/config/explanation_type.jsonl", b"{}\n")
            made.put("v1/other/3-mlp/features/batch-0.jsonl.gz", b"x")
            made.put("v1/other/3-mlp/features/", b"")
            made.put("v1/other/3-mlp/activations/old/batch-0.jsonl.gz", b"x")
            made.put("v1/other/3-mlp/jlens/a matrix+1.pt", b"x")
            made.put("v1/other/bad name\\/features/batch-0.jsonl.gz", b"x")
        yield made


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    get_settings.cache_clear()
    yield tmp_path
    get_settings.cache_clear()


async def test_listings_of_several_pages(bucket: Bucket) -> None:
    origin = open_origin(bucket.origin)
    assert await origin.models() == ["other", "wide"]
    assert len(await origin.sources("wide")) == N_SOURCES
    found = await origin.survey("wide")
    assert sorted(found) == sorted(f"{layer}-res-tiny" for layer in range(N_SOURCES))
    for layer in (0, 25):
        listed = found[f"{layer}-res-tiny"]
        numbers = [int(one.name.split("-")[1].split(".")[0]) for one in listed.batches("features")]
        assert numbers == list(range(N_BATCHES)), "by number, not by text"
        assert [one.md5 for one in listed.batches("features")][:2] == [
            digest(b"%d 0" % layer),
            digest(b"%d 1" % layer),
        ]
        asked = await origin.manifest("wide", f"{layer}-res-tiny")
        assert (asked, asked.digest) == (listed, listed.digest), "a survey says what a manifest says"


async def test_what_an_import_does_not_read_is_left_out(bucket: Bucket) -> None:
    origin = open_origin(bucket.origin)
    assert [one.name for one in (await origin.manifest("other", "3-mlp")).objects] == ["features/batch-0.jsonl.gz"]
    assert await origin.sources("other") == ["3-mlp"]
    assert [one.name for one in (await origin.config()).objects] == ["explanation_type.jsonl"]
    everything = await origin.store.objects("v1/other/3-mlp")
    assert "jlens/a matrix+1.pt" in [one.name for one in everything], "keys are decoded"


@pytest.mark.usefixtures("data_dir")
async def test_goes_on_from_a_byte(bucket: Bucket) -> None:
    content = os.urandom(300_000)
    bucket.put("v1/large/0-res/features/batch-0.jsonl.gz", content)
    origin = open_origin(bucket.origin)
    listed = await origin.manifest("large", "0-res")
    (one,) = listed.objects
    part = Downloads.of(listed).part(one)
    part.parent.mkdir(parents=True)
    part.write_bytes(content[:100_000])
    found = [path.read_bytes() async for _, path in fetched(origin, listed, [one.name])]
    assert found == [content]
    bucket.put("v1/large/0-res/features/batch-0.jsonl.gz", b"newer")
    newer = [(now.size, path.read_bytes()) async for now, path in fetched(origin, listed, [one.name])]
    assert newer == [(5, b"newer")], "If-Match notices what changed since the listing"
    (now,) = (await origin.manifest("large", "0-res")).objects
    assert now.md5 == digest(b"newer")


@pytest.mark.usefixtures("data_dir")
async def test_what_is_not_public(bucket: Bucket) -> None:
    bucket.put("v1/secret/0-res/features/batch-0.jsonl.gz", b"x", public=False)
    origin = open_origin(bucket.origin)
    listed = await origin.manifest("secret", "0-res")
    with pytest.raises(UpstreamError, match=r"without an account \(403\)"):
        _ = [path async for _, path in fetched(origin, listed, [listed.objects[0].name])]


async def test_no_bucket(bucket: Bucket) -> None:
    with pytest.raises(NotFoundError, match="There is no"):
        await open_origin(f"s3://nobody-made-this?endpoint={bucket.endpoint}").models()


async def test_hostile_names_stop_the_listing(bucket: Bucket) -> None:
    bucket.put("v1/evil/0-res/features/batch-0.jsonl.gz", b"x")
    bucket.put("v1/evil/0-res/features/..\\..\\x.jsonl", b"x")
    with pytest.raises(UnsafeName, match="leads out of its folder"):
        await open_origin(bucket.origin).manifest("evil", "0-res")


@pytest.mark.parametrize("model_id", ["..", "a/b", "", "a\0b", ".hidden", "x" * 300])
async def test_ids_that_are_none(bucket: Bucket, model_id: str) -> None:
    with pytest.raises(BadInputError):
        await open_origin(bucket.origin).manifest(model_id, "0-res")


def test_listings_that_are_none() -> None:
    for text in (b"<!DOCTYPE html><html></html>", b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>", b"no xml", b""):
        with pytest.raises(UpstreamError, match="is it a bucket"):
            buckets._parsed(text, "http://x")


@pytest.mark.parametrize(
    ("name", "base", "prefix"),
    [
        ("s3://data", "https://data.s3.us-east-1.amazonaws.com", ""),
        ("s3://data/a/b/?region=eu-west-1", "https://data.s3.eu-west-1.amazonaws.com", "a/b"),
        ("s3://da.ta?region=eu-west-1", "https://s3.eu-west-1.amazonaws.com/da.ta", ""),
        ("s3://data?endpoint=https://minio.lan:9000/", "https://minio.lan:9000/data", ""),
        ("https://data.s3.us-east-1.amazonaws.com/", "https://data.s3.us-east-1.amazonaws.com", ""),
        ("https://data.s3-us-west-2.amazonaws.com/v", "https://data.s3.us-west-2.amazonaws.com", "v"),
        ("https://s3.eu-west-1.amazonaws.com/data/v", "https://data.s3.eu-west-1.amazonaws.com", "v"),
        ("https://data.s3.amazonaws.com", "https://data.s3.us-east-1.amazonaws.com", ""),
    ],
)
def test_names_of_buckets(name: str, base: str, prefix: str) -> None:
    address = bucket_of(name)
    assert address is not None
    assert (address.base, address.prefix) == (base, prefix)


@pytest.mark.parametrize("name", ["/a/folder", "https://example.org/data", "https://s3.example.org/data"])
def test_names_of_other_places(name: str) -> None:
    assert bucket_of(name) is None


def test_the_public_bucket_is_configured_and_not_trusted() -> None:
    public = next(name for name in get_settings().dataset_origins if name.startswith("s3://"))
    assert bucket_of(public) == BucketAddress("neuronpedia-datasets")
    assert getattr(open_origin(public).store, "allow") == ()  # noqa: B009
