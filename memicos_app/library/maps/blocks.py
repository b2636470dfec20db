"""Points of a layer as bytes: in the database compressed, on the wire as arrays that a browser reads in place.

On the wire stands, in this order: the length of a JSON head as uint32; the head, filled up with spaces to a multiple
of 4 bytes; then for each layer, of its `n` points, uint32 index, float32 x, float32 y, float32 density, float32 score
(NaN: none) and int16 cluster (-1: none), filled up to a multiple of 4 bytes. All little-endian.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from memicos_app.library.packing import compress, decompress

Floats = npt.NDArray[np.float32]
_WORD = 4


@dataclass(frozen=True, slots=True)
class Points:
    """Features of one source and where they lie; all arrays `[n]`."""

    indices: npt.NDArray[np.uint32]
    x: Floats
    y: Floats
    clusters: npt.NDArray[np.int16]

    def __len__(self) -> int:
        return len(self.indices)


@dataclass(frozen=True, slots=True)
class Measures:
    """What points are coloured by, in the order of the points; `[n]` each, NaN where it is not known."""

    density: Floats
    score: Floats


def pack(points: Points) -> bytes:
    """Points as they are stored."""
    columns = [np.ascontiguousarray(array, kind) for array, kind in zip(_columns(points), _KINDS, strict=True)]
    return compress(b"".join(one.tobytes() for one in columns))


def unpack(block: bytes, n: int) -> Points:
    """What `pack` packed."""
    data, at, found = decompress(block), 0, []
    for kind in _KINDS:
        found.append(np.frombuffer(data, kind, n, at))
        at += found[-1].nbytes
    return Points(*found)


def wire(head: Mapping[str, Any], layers: Sequence[tuple[Points, Measures]]) -> bytes:
    """A map's answer to a browser; see above."""
    text = json.dumps(dict(head), ensure_ascii=False, separators=(",", ":")).encode()
    parts = [text + b" " * (-len(text) % _WORD)]
    parts.insert(0, struct.pack("<I", len(parts[0])))
    for points, measures in layers:
        floats = (points.x, points.y, measures.density, measures.score)
        clusters = points.clusters.astype("<i2").tobytes()
        parts += [points.indices.astype("<u4").tobytes(), *(one.astype("<f4").tobytes() for one in floats)]
        parts.append(clusters + b"\0" * (-len(clusters) % _WORD))
    return b"".join(parts)


_KINDS = ("<u4", "<f4", "<f4", "<i2")


def _columns(points: Points) -> tuple[npt.NDArray[Any], ...]:
    return (points.indices, points.x, points.y, points.clusters)
