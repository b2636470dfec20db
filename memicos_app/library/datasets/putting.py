"""Files put into a bucket, signed with the account that the usual AWS settings of the environment name.

The endpoint is checked just before, because the library that signs and sends makes its own connections.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from memicos_app.library import addresses
from memicos_app.library.errors import UnavailableError
from memicos_app.library.outbound import UpstreamError

if TYPE_CHECKING:
    from memicos_app.library.datasets.bucket import BucketAddress

IN_ONE = 64 << 20
"""Bytes up to which a file is put whole, which makes its etag its MD5."""
_PART = 16 << 20
_MOST_PARTS = 9_000
_AT_ONCE = 4
_NO_ACCOUNT = ("169.254.169.254", "169.254.170.2", "redential", "SignatureDoesNotMatch", "InvalidAccessKeyId")


async def put(address: BucketAddress, key: str, content: Path | bytes, allow: tuple[str, ...] = ()) -> None:
    """Put a file under a key; it is there whole or not at all.

    Raises:
        RefusedAddress: the endpoint leads where MemicOS does not go.
        UpstreamError: the bucket is not there or may not be written; the sentence says what to do.
        UnavailableError: it cannot be reached.
    """
    await addresses.check(address.base, allow)
    size = len(content) if isinstance(content, bytes) else content.stat().st_size
    options = {"use_multipart": size > IN_ONE, "chunk_size": max(_PART, size // _MOST_PARTS)}
    try:
        await obstore.put_async(store(address), key, content, max_concurrency=_AT_ONCE, **options)  # type: ignore[arg-type]
    except (BaseError, OSError) as error:
        raise failure(address, error) from error


def store(address: BucketAddress) -> S3Store:
    """The bucket with the account of the environment; its endpoint is the caller's to check."""
    return S3Store(
        address.bucket,
        region=address.region,
        endpoint=address.endpoint or None,
        virtual_hosted_style_request=not address.endpoint and "." not in address.bucket,
        client_options={
            "allow_http": address.endpoint.startswith("http://"),
            "connect_timeout": "8s",
            "timeout": "10m",
            "user_agent": "MemicOS",
        },
        retry_config={"max_retries": 5},
    )


def failure(address: BucketAddress, error: Exception) -> Exception:
    """What a bucket's refusal means, in a sentence that says what to do."""
    said = str(error)
    if isinstance(error, FileNotFoundError) or "NoSuchBucket" in said:
        return UpstreamError(f"There is no bucket {address.bucket} at {address.base}.", field="target")
    if "PermanentRedirect" in said or "301 Moved" in said:
        return UpstreamError(
            f"The bucket {address.bucket} lies in another region; name it with ?region=…", field="target"
        )
    if any(sign in said for sign in _NO_ACCOUNT):
        return UpstreamError(
            f"Writing to {address.bucket} needs an account: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY "
            "in the environment.",
            field="target",
        )
    if "403 Forbidden" in said or "401 Unauthorized" in said:
        return UpstreamError(f"The account may not write to the bucket {address.bucket}.", field="target")
    first = said.partition("\n")[0][:300]
    return UnavailableError(f"Writing to {address.base} failed: {first}", retry_after=60)
