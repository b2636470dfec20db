"""The content of a file in blocks, unpacked if it is gzipped, the next block made in a thread while one is used.

Two unpackers: ISA-L's, several times faster, and the standard library's, which gets more out of a damaged file and
says what is wrong with it.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, cast

from isal import igzip, isal_zlib

from memicos_app.library.datasets.swelling import measured

_GZIP = b"\x1f\x8b"
_SMALL = 1 << 16
"""Files of fewer bytes are not worth a thread."""
_BROKEN: tuple[type[Exception], ...] = (EOFError, zlib.error, gzip.BadGzipFile, cast("Any", isal_zlib).error)
Item = TypeVar("Item")
_Block = tuple[int, bytes]


class DamagedError(Exception):
    """The content ends here, though the file does not say so."""


def blocks(path: Path, size: int) -> Iterator[_Block]:
    """Blocks of at most `size` bytes, each with the bytes of the file on disk that were read so far.

    Raises:
        DamagedError: after the last block that could be read.
        Swollen: a small file unpacks without end.
    """
    with path.open("rb") as stored:
        packed = stored.read(2) == _GZIP
        stored.seek(0)
        made = _unpacked(stored, size) if packed else _read(stored, stored, size)
        yield from made if path.stat().st_size < _SMALL else ahead(made)


def ahead(items: Iterator[Item]) -> Iterator[Item]:
    """The same items, each made while the one before it is used."""
    end = object()
    with ThreadPoolExecutor(1, "ahead") as pool:
        coming = pool.submit(next, items, end)
        while (item := coming.result()) is not end:
            coming = pool.submit(next, items, end)
            yield item  # type: ignore[misc]


def _unpacked(stored: BinaryIO, size: int) -> Iterator[_Block]:
    given = 0
    try:
        with measured(igzip.IGzipFile(fileobj=stored, mode="rb"), stored) as file:  # type: ignore[no-untyped-call]
            for block in _read(file, stored, size):
                yield block
                given += len(block[1])
            return
    except _BROKEN:
        stored.seek(0)
    yield from _salvaged(stored, given)


def _salvaged(stored: BinaryIO, after: int) -> Iterator[_Block]:
    """What is left of a damaged file behind so many bytes."""
    try:
        with measured(gzip.GzipFile(fileobj=stored, mode="rb"), stored) as file:
            while after:
                after -= len(file.read1(min(after, _SMALL)))
            while block := file.read1(_SMALL):
                yield stored.tell(), block
    except _BROKEN as error:
        raise DamagedError(str(error)) from None


def _read(file: BinaryIO, stored: BinaryIO, size: int) -> Iterator[_Block]:
    while block := file.read(size):
        yield stored.tell(), block
