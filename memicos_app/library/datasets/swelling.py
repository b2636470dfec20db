"""A watch over unpacking: a small file that unpacks without end is stopped while it does, not after."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import BinaryIO, Protocol

from memicos_app.library.errors import BadInputError

MOST_TIMES = 500
"""How much larger than packed a file may be; dashboards are 5 to 30 times as large, gzip's most is 1,032."""
FREE = 4 << 20
"""Bytes that any file may unpack to."""


class Swollen(BadInputError):
    """A packed file that is made to fill the memory or the disk."""

    code = "swollen"


class _Readable(Protocol):
    def read1(self, size: int, /) -> bytes: ...

    def close(self) -> None: ...


class _Measured(io.RawIOBase):
    def __init__(self, unpacking: _Readable, packed_so_far: Callable[[], int], name: str) -> None:
        self._unpacking, self._packed_so_far, self._name = unpacking, packed_so_far, name
        self._size = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        # One step at a time: what was unpacked before a damaged place is given out before the place is met.
        unpacked = self._unpacking.read1(len(buffer))
        count = len(unpacked)
        buffer[:count] = unpacked
        self._size += count
        if self._size > FREE and self._size > MOST_TIMES * self._packed_so_far():
            raise Swollen(
                f"{self._name} unpacks to more than {MOST_TIMES} times its size, as no file of dashboards does; "
                "it is not read further."
            )
        return count

    def close(self) -> None:
        if not self.closed:
            self._unpacking.close()
        super().close()


def measured(unpacking: _Readable, stored: BinaryIO) -> io.BufferedReader:
    """What `unpacking` gives of an open file, until it is too much. Reading raises `Swollen`."""
    return io.BufferedReader(_Measured(unpacking, stored.tell, str(stored.name)), 1 << 17)
