"""All stored examples of a feature as one compressed block, and token windows that features share.

Three formats, by where the tokens are: `INLINE` has its own table of strings, `REFERENCES` names whole
windows stored once for the source, `VOCABULARY` has ids into the source's table of strings. Only positions
with an activation are kept; their values come back within `packing.RELATIVE_ERROR`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import zstandard

from memicos_app.library.errors import BadInputError
from memicos_app.library.packing import (
    Floats,
    Ints,
    join,
    pack_floats,
    pack_ints,
    pack_texts,
    split,
    unpack_floats,
    unpack_ints,
    unpack_texts,
)

INLINE, REFERENCES, VOCABULARY = 1, 2, 3
_LEVEL = 12
_NO_QUALIFYING, _AT_PEAK, _FIRST_PLACE = 0, 1, 3  # then index + _FIRST_PLACE, so that -1 is 2


@dataclass(frozen=True, slots=True)
class Group:
    """The interval an example was drawn from, and where its text came from."""

    bin_min: float
    bin_max: float
    bin_contains: float
    data_source: str | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """One window without its tokens: which positions are active, how strongly."""

    length: int
    positions: Ints
    """Ascending positions whose value is not 0, `[n_active]`."""
    values: Floats
    """Their values, `[n_active]`."""
    group: Group
    qualifying_token_index: int | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    """Further columns under their public names: `dfaValues`, `lossValues`…; what JSON can hold."""

    @property
    def peak(self) -> int:
        """Position of the first largest value; 0 where all are 0."""
        best = int(np.argmax(self.values)) if len(self.values) else 0
        if len(self.values) == self.length or (len(self.values) and self.values[best] > 0):
            return int(self.positions[best])
        gap = np.flatnonzero(self.positions != np.arange(len(self.positions)))
        return int(gap[0]) if len(gap) else len(self.positions)

    @property
    def max_value(self) -> float:
        """Largest value, zeros included."""
        return _extreme(self, np.max)

    @property
    def min_value(self) -> float:
        """Smallest value, zeros included."""
        return _extreme(self, np.min)

    def dense(self) -> list[float]:
        """One value a token."""
        row = np.zeros(self.length)
        row[self.positions] = self.values
        values: list[float] = row.tolist()
        return values


@dataclass(frozen=True, slots=True)
class Block:
    """A decoded block: examples in their stored order and, by its format, one of the three kinds of tokens."""

    format: int
    examples: list[Example]
    windows: list[list[str]] = field(default_factory=list)
    sequences: list[int] = field(default_factory=list)
    token_ids: list[Ints] = field(default_factory=list)


def example(
    values: Sequence[float],
    group: Group,
    qualifying_token_index: int | None = None,
    extra: dict[str, Any] | None = None,
) -> Example:
    """An example from one value a token.

    Raises:
        BadInputError: a value is not a finite number.
    """
    row = np.asarray(values, np.float64)
    if not np.isfinite(row).all():
        place = int(np.flatnonzero(~np.isfinite(row))[0])
        raise BadInputError(f"values[{place}] is {row[place]}, not a finite number.", field="values")
    active = np.flatnonzero(row)
    return Example(len(row), active, row[active], group, qualifying_token_index, extra or {})


def encode_inline(examples: Sequence[Example], windows: Sequence[Sequence[str]]) -> bytes:
    """A block that needs nothing else to be read; `windows[i]` are the tokens of example i."""
    numbers: dict[str, int] = {}
    ids = [[numbers.setdefault(token, len(numbers)) for token in window] for window in windows]
    _same_lengths(examples, [len(window) for window in windows])
    flat = np.concatenate([np.zeros(0, np.int64), *(np.asarray(row, np.int64) for row in ids)])
    return _encode(INLINE, examples, join([pack_texts(list(numbers)), pack_ints(flat)]))


def encode_references(examples: Sequence[Example], sequences: Sequence[int]) -> bytes:
    """A block whose tokens are stored as shared sequences with these numbers."""
    return _encode(REFERENCES, examples, pack_ints(np.asarray(sequences, np.int64)))


def encode_vocabulary_ids(examples: Sequence[Example], windows: Sequence[Ints]) -> bytes:
    """A block whose tokens are ids into the source's vocabulary."""
    _same_lengths(examples, [len(window) for window in windows])
    return _encode(VOCABULARY, examples, pack_ints(np.concatenate([np.zeros(0, np.int64), *windows])))


def decode(block: bytes) -> Block:
    """What one of the `encode_…` functions wrote."""
    kind, parts = split(zstandard.decompress(block))
    lengths_part, counts, positions, values, groups, group_of, qualifying, extras, tokens = parts
    n, (lengths_data,) = split(lengths_part)
    lengths = unpack_ints(lengths_data, n)
    examples = _examples(lengths, unpack_ints(counts, n), positions, unpack_floats(values))
    table = _unpack_groups(groups)
    places = unpack_ints(qualifying, n).tolist()
    more: list[dict[str, Any]] = json.loads(extras) if extras else [{}] * n
    full = [
        Example(size, at, strength, table[group], _qualifying(code, at, strength, size), extra)
        for (size, at, strength), group, code, extra in zip(
            examples, unpack_ints(group_of, n).tolist(), places, more, strict=True
        )
    ]
    return _with_tokens(kind, full, lengths, tokens)


def encode_vocabulary(tokens: Sequence[str]) -> bytes:
    """The strings of a source's tokens, by id."""
    return _compress(pack_texts(tokens))


def decode_vocabulary(block: bytes) -> list[str]:
    """What `encode_vocabulary` wrote."""
    return unpack_texts(zstandard.decompress(block))


def encode_chunk(windows: Sequence[Ints]) -> bytes:
    """Several shared sequences of token ids in one row."""
    lengths = pack_ints([len(window) for window in windows])
    return _compress(join([lengths, pack_ints(np.concatenate(windows))], head=len(windows)))


def decode_chunk(block: bytes) -> list[Ints]:
    """What `encode_chunk` wrote."""
    n, (sizes, ids) = split(zstandard.decompress(block))
    lengths = unpack_ints(sizes, n)
    return _cut(unpack_ints(ids, int(lengths.sum())), lengths)


def _encode(kind: int, examples: Sequence[Example], tokens: bytes) -> bytes:
    groups = list(dict.fromkeys(one.group for one in examples))
    number = {group: place for place, group in enumerate(groups)}
    empty = np.zeros(0)
    gaps = [np.diff(one.positions, prepend=0) for one in examples]
    parts = [
        join([pack_ints([one.length for one in examples])], head=len(examples)),
        pack_ints([len(one.positions) for one in examples]),
        pack_ints(np.concatenate([empty.astype(np.int64), *gaps])),
        pack_floats(np.concatenate([empty, *(one.values for one in examples)])),
        _pack_groups(groups),
        pack_ints([number[one.group] for one in examples]),
        pack_ints([_qualifying_code(one) for one in examples]),
        json.dumps([one.extra for one in examples]).encode() if any(one.extra for one in examples) else b"",
        tokens,
    ]
    return _compress(join(parts, head=kind))


def _compress(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=_LEVEL, write_checksum=False).compress(data)


def _pack_groups(groups: Sequence[Group]) -> bytes:
    bounds = np.asarray([(one.bin_min, one.bin_max, one.bin_contains) for one in groups], np.float64).reshape(-1)
    sources = [one.data_source for one in groups]
    known = [name for name in dict.fromkeys(sources) if name is not None]
    return join(
        [
            pack_floats(bounds, exact=True, field="bins"),
            pack_texts(known),
            pack_ints([0 if name is None else known.index(name) + 1 for name in sources]),
        ],
        head=len(groups),
    )


def _unpack_groups(data: bytes) -> list[Group]:
    n, (bounds, names, source_of) = split(data)
    sources: list[str | None] = [None, *unpack_texts(names)]
    rows = unpack_floats(bounds).reshape(n, 3).tolist()
    places = unpack_ints(source_of, n).tolist()
    return [Group(low, high, share, sources[at]) for (low, high, share), at in zip(rows, places, strict=True)]


def _examples(lengths: Ints, counts: Ints, positions: bytes, values: Floats) -> list[tuple[int, Ints, Floats]]:
    gaps = _cut(unpack_ints(positions, int(counts.sum())), counts)
    strengths = _cut(values, counts)
    return [
        (size, np.cumsum(gap), strength)
        for size, gap, strength in zip(lengths.tolist(), gaps, strengths, strict=True)
    ]


def _with_tokens(kind: int, examples: list[Example], lengths: Ints, tokens: bytes) -> Block:
    if kind == REFERENCES:
        return Block(kind, examples, sequences=unpack_ints(tokens, len(examples)).tolist())
    total = int(lengths.sum())
    if kind == VOCABULARY:
        return Block(kind, examples, token_ids=_cut(unpack_ints(tokens, total), lengths))
    _, (strings, ids) = split(tokens)
    table = unpack_texts(strings)
    windows = [[table[i] for i in row.tolist()] for row in _cut(unpack_ints(ids, total), lengths)]
    return Block(kind, examples, windows=windows)


def _cut(array: Any, sizes: Ints) -> list[Any]:
    ends = [0, *np.cumsum(sizes).tolist()]
    return [array[a:b] for a, b in pairwise(ends)]


def _qualifying_code(one: Example) -> int:
    """Most often the position of the peak, which then costs nothing to store."""
    place = one.qualifying_token_index
    if place is None:
        return _NO_QUALIFYING
    return _AT_PEAK if place == one.peak else max(place, -1) + _FIRST_PLACE


def _qualifying(code: int, positions: Ints, values: Floats, length: int) -> int | None:
    if code == _NO_QUALIFYING:
        return None
    if code == _AT_PEAK:
        return Example(length, positions, values, _NOWHERE).peak
    return code - _FIRST_PLACE


_NOWHERE = Group(0, 0, 0)


def _extreme(one: Example, function: Any) -> float:
    if not len(one.values):
        return 0.0
    extreme = float(function(one.values))
    return extreme if len(one.values) == one.length else float(function([extreme, 0.0]))


def _same_lengths(examples: Sequence[Example], lengths: Sequence[int]) -> None:
    for place, (one, length) in enumerate(zip(examples, lengths, strict=True)):
        if one.length != length:
            raise BadInputError(
                f"Example {place} has {length} tokens and {one.length} values; both must be the same number.",
                field="tokens",
            )
