"""Two parts of a block of examples as bytes: the intervals they are from, and columns without a place.

The block itself is put together in `blocks`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from memicos_app.library.example_columns import Group
from memicos_app.library.packing import (
    join,
    pack_floats,
    pack_ints,
    pack_texts,
    split,
    unpack_floats,
    unpack_ints,
    unpack_texts,
)

_NUMBERED = "dataIndex"
_MOST_DIGITS = 18


def pack_groups(groups: Sequence[Group]) -> bytes:
    """Intervals, with the sources of text that they name."""
    bounds = np.asarray([(one.bin_min, one.bin_max, one.bin_contains) for one in groups], np.float64).reshape(-1)
    sources = [one.data_source for one in groups]
    known = [name for name in dict.fromkeys(sources) if name is not None]
    source_of = pack_ints([0 if name is None else known.index(name) + 1 for name in sources])
    return join([pack_floats(bounds, exact=True, field="bins"), _names(tuple(known)), source_of], head=len(groups))


@lru_cache(maxsize=16)
def _names(known: tuple[str, ...]) -> bytes:
    """Sources of text, which are the same for most features."""
    return pack_texts(known)


def unpack_groups(data: bytes) -> list[Group]:
    """What `pack_groups` wrote."""
    n, (bounds, names, source_of) = split(data)
    sources: list[str | None] = [None, *unpack_texts(names)]
    rows = unpack_floats(bounds).reshape(n, 3).tolist()
    places = unpack_ints(source_of, n).tolist()
    return [Group(low, high, share, sources[at]) for (low, high, share), at in zip(rows, places, strict=True)]


def pack_extras(extras: Sequence[dict[str, Any]]) -> bytes:
    """Further columns as JSON; the number of an example's text in its corpus, which most have, as a number."""
    numbers = _numbers([one.get(_NUMBERED) for one in extras])
    if not numbers:
        return json.dumps(list(extras)).encode() if any(extras) else b""
    text = b""
    if any(len(one) > 1 for one in extras):
        text = json.dumps([{name: one[name] for name in one if name != _NUMBERED} for one in extras]).encode()
    return join([pack_ints(numbers), text])


def unpack_extras(data: bytes, n: int) -> list[dict[str, Any]]:
    """What `pack_extras` wrote, for `n` examples."""
    if data[:1] in (b"", b"["):
        return json.loads(data) if data else [{} for _ in range(n)]
    _, (numbers, text) = split(data)
    rest: list[dict[str, Any]] = json.loads(text) if text else [{} for _ in range(n)]
    places = unpack_ints(numbers, n).tolist()
    return [{_NUMBERED: str(place), **one} for place, one in zip(places, rest, strict=True)]


def _numbers(texts: list[Any]) -> list[int]:
    """The texts as numbers where each is exactly the text of a number >= 0, else none."""
    if not texts or set(map(type, texts)) != {str} or not all(texts):
        return []
    digits = "".join(texts)
    if not (digits.isascii() and digits.isdigit()) or max(map(len, texts)) > _MOST_DIGITS:
        return []
    numbers = list(map(int, texts))
    return numbers if list(map(str, numbers)) == texts else []
