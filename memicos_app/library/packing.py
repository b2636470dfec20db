"""Arrays of numbers and lists of strings as short bytes that compress well; no meaning of their own.

Multi-byte numbers are written as byte planes (all high bytes first, all low bytes last), because zstd codes
bytes: high planes of similar numbers are nearly constant and cost nearly nothing, low planes are noise.
"""

from __future__ import annotations

import struct
import threading
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import zstandard

from memicos_app.library.errors import BadInputError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

RELATIVE_ERROR = 1e-3
"""Largest relative error of a value packed with `exact=False`."""

_LEVEL = 12
_zstd = threading.local()  # Neither side of zstandard may be shared by threads; making one costs more than using it.
_DECIMAL, _SIGNED_DECIMAL, _HALF, _SINGLE, _DOUBLE = range(5)
_FLOATS: dict[int, str] = {_HALF: "<f2", _SINGLE: "<f4", _DOUBLE: "<f8"}
_DECIMALS = (0, 3, 4, 2)
_ONE_BYTE = 192
_TWO_BYTES = _ONE_BYTE + (255 - _ONE_BYTE) * 256
_HEADER = struct.Struct("<BhBI")  # mode, exponent, bytes a number, count


def pack_floats(values: Floats, *, exact: bool = False, field: str = "values") -> bytes:
    """Numbers as bytes: decimal fractions of few digits exactly, others as float16 scaled by a power of two.

    Where float16 would be off by more than `RELATIVE_ERROR` (below its normal range), or `exact` is asked
    for, float32 or float64 is used, whichever is enough.

    Raises:
        BadInputError: a value is not a finite number.
    """
    if not np.isfinite(values).all():
        place = int(np.flatnonzero(~np.isfinite(values))[0])
        raise BadInputError(f"{field}[{place}] is {values[place]}, not a finite number.", field=field)
    mode, exponent, numbers = _decimal(values, 24 if exact else 16) or _floating(values, exact)
    planes = _planes(numbers)
    width = len(planes) // len(values) if len(values) else 0
    return _HEADER.pack(mode, exponent, width, len(values)) + planes


def unpack_floats(data: bytes) -> Floats:
    """What `pack_floats` packed, as float64."""
    mode, exponent, width, n = _HEADER.unpack_from(data)
    planes = np.frombuffer(data, np.uint8, n * width, _HEADER.size)
    if mode in _FLOATS:
        raw = np.frombuffer(planes.reshape(width, n)[::-1].T.tobytes(), _FLOATS[mode])
        if mode == _SINGLE:  # As few digits as a float32 has, so that 0.1 does not come back as 0.10000000149.
            return np.asarray([float(f"{value:.8g}") for value in raw.tolist()], np.float64)
        restored: Floats = np.ldexp(raw.astype(np.float64), -exponent)
        return restored
    whole = _from_planes(planes, n, width)
    if mode == _SIGNED_DECIMAL:
        whole = (whole >> 1) ^ -(whole & 1)
    fractions: Floats = whole / 10.0**exponent
    return fractions


def pack_ints(numbers: Ints | Sequence[int]) -> bytes:
    """Numbers >= 0 as byte planes, as many as the largest needs; the count is the caller's to know."""
    array = np.asarray(numbers, np.int64)
    if len(array) and array.max() < 256:
        return b"\1" + array.astype(np.uint8).tobytes()
    planes = _planes(_narrow(array))
    return bytes([len(planes) // len(array) if len(array) else 0]) + planes


def unpack_ints(data: bytes, n: int) -> Ints:
    """The `n` numbers that `pack_ints` packed."""
    return _from_planes(np.frombuffer(data, np.uint8, n * data[0], 1), n, data[0])


def pack_ranks(ranks: Ints) -> bytes:
    """Numbers of which the small ones are frequent (words by frequency) in one, two or four bytes each.

    Below `_ONE_BYTE` in one byte; then two; 255 says that three more hold the number. All first bytes come
    first, then all second bytes, then the rest, so that zstd meets like with like. The count is the caller's.
    """
    two = (ranks >= _ONE_BYTE) & (ranks < _TWO_BYTES)
    more = ranks >= _TWO_BYTES
    above = ranks - _ONE_BYTE
    heads = np.where(more, 255, np.where(two, _ONE_BYTE + (above >> 8), ranks)).astype(np.uint8)
    rest = np.ascontiguousarray(ranks[more].astype("<i4")).view(np.uint8).reshape(-1, 4)[:, :3]
    return heads.tobytes() + (above[two] & 0xFF).astype(np.uint8).tobytes() + _planes(rest)


def unpack_ranks(data: bytes, n: int) -> Ints:
    """The `n` numbers that `pack_ranks` packed."""
    ranks = np.frombuffer(data, np.uint8, n).astype(np.int64)
    two = np.flatnonzero((ranks >= _ONE_BYTE) & (ranks < 255))
    more = np.flatnonzero(ranks == 255)
    low = np.frombuffer(data, np.uint8, len(two), n)
    ranks[two] = _ONE_BYTE + ((ranks[two] - _ONE_BYTE) << 8) + low
    ranks[more] = _from_planes(np.frombuffer(data, np.uint8, 3 * len(more), n + len(two)), len(more), 3)
    return ranks


def pack_texts(texts: Sequence[str]) -> bytes:
    """Any Python strings, with NUL and lone surrogates as they are."""
    encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
    return join([pack_ints([len(part) for part in encoded]), b"".join(encoded)], head=len(texts))


def unpack_texts(data: bytes) -> list[str]:
    """What `pack_texts` packed."""
    n, (sizes, joined) = split(data)
    ends = np.cumsum(unpack_ints(sizes, n)).tolist()
    starts = [0, *ends[:-1]] if ends else []
    return [joined[a:b].decode("utf-8", "surrogatepass") for a, b in zip(starts, ends, strict=True)]


def compress(data: bytes, *cuts: int) -> bytes:
    """zstd in one frame, for data that is written once and read often.

    Args:
        cuts: places where bytes of another kind begin; each stretch gets a code of its own.
    """
    if not hasattr(_zstd, "compressor"):
        _zstd.compressor = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=False)
    if not cuts:
        packed: bytes = _zstd.compressor.compress(data)
        return packed
    stream = _zstd.compressor.compressobj(size=len(data))
    parts = []
    for start, end in pairwise((0, *cuts, len(data))):
        parts += [stream.compress(data[start:end]), stream.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)]
    return b"".join((*parts, stream.flush()))


def decompress(data: bytes) -> bytes:
    """What `compress` compressed."""
    if not hasattr(_zstd, "decompressor"):
        _zstd.decompressor = zstandard.ZstdDecompressor()
    plain: bytes = _zstd.decompressor.decompress(data)
    return plain


def join(parts: Sequence[bytes], *, head: int = 0) -> bytes:
    """Byte strings one after the other behind their lengths, with a number `head` for the caller's use."""
    return b"".join((_varint(head), _varint(len(parts)), *(_varint(len(part)) for part in parts), *parts))


def split(data: bytes) -> tuple[int, list[bytes]]:
    """The head and the parts that `join` joined."""
    head, at = _read_varint(data, 0)
    n, at = _read_varint(data, at)
    sizes = []
    for _ in range(n):
        size, at = _read_varint(data, at)
        sizes.append(size)
    parts = []
    for size in sizes:
        parts.append(data[at : at + size])
        at += size
    return head, parts


def _decimal(values: Floats, bits: int) -> tuple[int, int, npt.NDArray[Any]] | None:
    """Whole numbers of a power of ten, where that restores every value to the last bit in so many bits."""
    negative = bool(len(values)) and bool(values.min() < 0)
    limit = 2.0 ** (bits - negative)
    if len(values) and float(np.abs(values).max()) >= limit:
        return None
    for digits in _DECIMALS:
        scaled = np.rint(values * 10.0**digits)
        if np.array_equal(scaled / 10.0**digits, values) and (not len(values) or np.abs(scaled).max() < limit):
            whole = scaled.astype(np.int64)
            zigzag = (whole << 1) ^ (whole >> 63)
            mode = _SIGNED_DECIMAL if negative else _DECIMAL
            return mode, digits, _narrow(zigzag if negative else whole)
    return None


def _floating(values: Floats, exact: bool) -> tuple[int, int, npt.NDArray[Any]]:
    largest = float(np.abs(values).max())
    exponent = 15 - int(np.frexp(largest)[1]) if largest else 0
    with np.errstate(over="ignore", under="ignore"):
        half = np.ldexp(values, exponent).astype("<f2")
        restored = np.ldexp(half.astype(np.float64), -exponent)
        if bool((np.abs(restored - values) <= (0 if exact else RELATIVE_ERROR) * np.abs(values)).all()):
            return _HALF, exponent, half
        single = values.astype("<f4")
        loss = np.abs(single.astype(np.float64) - values)
    if bool((loss <= 1e-7 * np.abs(values)).all()):
        return _SINGLE, 0, single
    return _DOUBLE, 0, values.astype("<f8")


def _narrow(numbers: Ints) -> npt.NDArray[Any]:
    """Bytes `[n, width]` of numbers >= 0, without the high bytes that are zero throughout."""
    largest = int(numbers.max()) if len(numbers) else 0
    width = max(1, (largest.bit_length() + 7) // 8)
    return np.ascontiguousarray(numbers.astype("<i8")).view(np.uint8).reshape(-1, 8)[:, :width]


def _planes(numbers: npt.NDArray[Any]) -> bytes:
    table = numbers if numbers.ndim == 2 else np.ascontiguousarray(numbers).view(np.uint8).reshape(len(numbers), -1)
    return table.T[::-1].tobytes() if len(numbers) else b""


def _from_planes(planes: npt.NDArray[np.uint8], n: int, width: int) -> Ints:
    table = planes.reshape(width, n) if width else np.zeros((0, n), np.uint8)
    numbers = np.zeros(n, np.int64)
    for plane in table:
        numbers = numbers << 8 | plane
    return numbers


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(0x80 | number & 0x7F)
        number >>= 7
    out.append(number)
    return bytes(out)


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = data[at]
        number |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return number, at
