"""Buckets as origins: S3 and what speaks like it, listed and read over plain HTTPS without an account.

Listing is one signed-by-nobody GET a thousand keys; it is done here rather than by a library, because every
address must pass the guarded client (docs/decisions/0011).
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl, quote, unquote, unquote_plus, urlencode, urlsplit
from xml.etree import ElementTree

from memicos_app.library.datasets.manifest import Object
from memicos_app.library.datasets.stores import RemoteStore, plain_etag, raise_unless_there
from memicos_app.library.errors import BadInputError
from memicos_app.library.outbound import PATIENT, Patience, UpstreamError

PAGE = 8 << 20
"""Bytes that a listing of 1,000 keys may have."""
MOST_PAGES = 5_000
_AMAZON = re.compile(
    r"(?:(?P<bucket>.+)\.)?s3[.-](?P<region>[a-z0-9-]+)\.amazonaws\.com|(?P<old>.+)\.s3\.amazonaws\.com"
)
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]")
_MD5 = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class BucketAddress:
    """Where a bucket is."""

    bucket: str
    prefix: str = ""
    region: str = "us-east-1"
    endpoint: str = ""
    """Of a server that speaks S3; empty: Amazon's own."""

    @property
    def base(self) -> str:
        """Address of the bucket, without a slash at its end."""
        if self.endpoint:
            return f"{self.endpoint.rstrip('/')}/{self.bucket}"
        if "." in self.bucket:
            return f"https://s3.{self.region}.amazonaws.com/{self.bucket}"
        return f"https://{self.bucket}.s3.{self.region}.amazonaws.com"


@dataclass(frozen=True, slots=True)
class _Page:
    objects: list[Object]
    folders: list[str]
    onward: str


class BucketStore(RemoteStore):
    """A bucket, or a folder of it."""

    def __init__(self, address: BucketAddress, *, trusted: bool = False, patience: Patience = PATIENT) -> None:
        super().__init__(address.base, trusted=trusted, patience=patience)
        self.address = address
        self._root = f"{address.prefix.strip('/')}/" if address.prefix.strip("/") else ""

    def url(self, name: str) -> str:
        """As `RemoteStore`."""
        return f"{self.base}/{quote(self._root + name)}"

    async def folders(self, prefix: str) -> list[str]:
        """As `Store`."""
        root = self._key(prefix)
        found = [folder async for page in self._pages(root, "/") for folder in page.folders]
        return sorted(folder.removeprefix(root).rstrip("/") for folder in found)

    async def objects(self, prefix: str) -> list[Object]:
        """As `Store`; keys that end with a slash are marks of folders and no files."""
        root = self._key(prefix)
        return [
            _renamed(one, one.name.removeprefix(root))
            async for page in self._pages(root, "")
            for one in page.objects
            if not one.name.endswith("/")
        ]

    def described(self, name: str, headers: object) -> Object:
        """As `RemoteStore`, with the content's MD5 where the etag is it."""
        one = super().described(name, headers)  # type: ignore[arg-type]
        return _with_md5(one)

    def _key(self, prefix: str) -> str:
        return f"{self._root}{prefix.strip('/')}/" if prefix.strip("/") else self._root

    async def _pages(self, prefix: str, delimiter: str) -> AsyncIterator[_Page]:
        asked = {"list-type": "2", "prefix": prefix, "encoding-type": "url"} | (
            {"delimiter": delimiter} if delimiter else {}
        )
        met: set[str] = set()
        async with self.connected() as http:
            while True:
                url = (
                    f"{self.base}?{urlencode(asked)}" if self.address.endpoint else f"{self.base}/?{urlencode(asked)}"
                )
                answer = await http.ask(url, most=PAGE)
                if region := answer.headers.get("x-amz-bucket-region", ""):
                    self._check_region(region)
                raise_unless_there(answer, self.base)
                page = _parsed(answer.body, self.base)
                yield page
                if not page.onward:
                    return
                if page.onward in met or len(met) >= MOST_PAGES:
                    raise UpstreamError(f"The listing of {self.base} does not end; it is not read further.")
                met.add(page.onward)
                asked["continuation-token"] = page.onward

    def _check_region(self, region: str) -> None:
        if not self.address.endpoint and region != self.address.region:
            raise BadInputError(
                f"The bucket {self.address.bucket} lies in {region}: name it s3://{self.address.bucket}?region={region}.",
                field="origin",
            )


def bucket_of(name: str) -> BucketAddress | None:
    """The bucket that an origin's name means, where it means one.

    Raises:
        BadInputError: the name of a bucket with parts that are none.
    """
    parts = urlsplit(name)
    if parts.scheme == "s3":
        return _of_s3(name)
    amazon = _AMAZON.fullmatch(parts.hostname or "")
    if parts.scheme != "https" or amazon is None:
        return None
    path = unquote(parts.path.strip("/"))
    bucket = amazon["bucket"] or amazon["old"]
    if not bucket:
        bucket, _, path = path.partition("/")
    return _checked(BucketAddress(bucket, path, amazon["region"] or "us-east-1"), name)


def _of_s3(name: str) -> BucketAddress:
    parts = urlsplit(name)
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    unknown = sorted(options.keys() - {"region", "endpoint"})
    if unknown:
        raise BadInputError(
            f"{name}: {', '.join(unknown)} is no option; there are region and endpoint.", field="origin"
        )
    endpoint = options.get("endpoint", "")
    if endpoint and urlsplit(endpoint).scheme not in ("http", "https"):
        raise BadInputError(f"{name}: the endpoint must begin with http:// or https://.", field="origin")
    region = options.get("region") or "us-east-1"
    return _checked(BucketAddress(parts.netloc, unquote(parts.path.strip("/")), region, endpoint), name)


def _checked(address: BucketAddress, name: str) -> BucketAddress:
    if not _NAME.fullmatch(address.bucket) or not re.fullmatch(r"[a-z0-9-]{1,40}", address.region):
        raise BadInputError(f"{name} names no bucket: write s3://bucket/folder?region=us-east-1.", field="origin")
    return address


def _parsed(text: bytes, base: str) -> _Page:
    """One page of a listing. Raises `UpstreamError` where it is none; entities are not read."""
    if b"<!" in text[:1000] or b"<!ENTITY" in text:
        raise UpstreamError(f"{base} answers with a page and not with a listing; is it a bucket?")
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError:
        raise UpstreamError(f"{base} answers with something that is no listing; is it a bucket?") from None
    encoded = _text(root, "EncodingType") == "url"
    plain = unquote_plus if encoded else str
    onward = _text(root, "NextContinuationToken") if _text(root, "IsTruncated") == "true" else ""
    objects = [_object(each, plain(_text(each, "Key"))) for each in _children(root, "Contents")]
    folders = [plain(_text(each, "Prefix")) for each in _children(root, "CommonPrefixes")]
    return _Page(objects, folders, onward)


def _object(entry: ElementTree.Element, key: str) -> Object:
    try:
        modified = datetime.fromisoformat(_text(entry, "LastModified"))
    except ValueError:
        modified = None
    size = _text(entry, "Size")
    if not size.isdecimal():
        raise UpstreamError(f"The listing tells no size of {key[:200]}.")
    return _with_md5(Object(key, int(size), plain_etag(_text(entry, "ETag")), modified))


def _with_md5(one: Object) -> Object:
    """The etag of an object that was put in one part is the MD5 of its content."""
    md5 = one.etag if _MD5.fullmatch(one.etag) else ""
    return Object(one.name, one.size, one.etag, one.modified, md5)


def _renamed(one: Object, name: str) -> Object:
    return Object(name, one.size, one.etag, one.modified, one.md5, one.sha256)


def _children(element: ElementTree.Element, tag: str) -> Iterator[ElementTree.Element]:
    return (child for child in element if child.tag.rpartition("}")[2] == tag)


def _text(element: ElementTree.Element, tag: str) -> str:
    found = next(_children(element, tag), None)
    return (found.text or "") if found is not None else ""
