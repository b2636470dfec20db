"""All stored examples of a feature as one compressed block, and token windows that features share.

Three formats, by where the tokens are: `INLINE` has its own table of strings, `REFERENCES` names whole
windows stored once for the source, `VOCABULARY` has ids into the source's table of strings. Only positions
with an activation are kept; their values come back within `packing.RELATIVE_ERROR`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np

from memicos_app.library.block_parts import pack_extras, pack_groups, unpack_extras, unpack_groups
from memicos_app.library.errors import BadInputError
from memicos_app.library.example_columns import (
    AT_PEAK,
    FIRST_PLACE,
    NO_QUALIFYING,
    Columns,
    Example,
    Group,
    columns_of,
    example,
)
from memicos_app.library.packing import (
    Floats,
    Ints,
    compress,
    decompress,
    join,
    pack_floats,
    pack_ints,
    pack_ranks,
    pack_texts,
    split,
    unpack_floats,
    unpack_ints,
    unpack_ranks,
    unpack_texts,
)

__all__ = ["Block", "Example", "Group", "example"]
Examples: TypeAlias = Sequence[Example] | Columns
INLINE, REFERENCES, VOCABULARY = 1, 2, 3


@dataclass(frozen=True, slots=True)
class Block:
    """A decoded block: columns over its examples in stored order and, by `format`, one of three kinds of tokens."""

    format: int
    lengths: Ints
    dense: Floats
    """One value a token, all examples end to end, `[sum(lengths)]`."""
    groups: list[Group]
    qualifying: list[int]
    extras: list[dict[str, Any]]
    strings: list[str]
    numbers: Ints
    """Token ids `[sum(lengths)]`: into `strings` or the source's vocabulary; or sequence numbers `[n]`."""

    def __len__(self) -> int:
        return len(self.lengths)

    def values(self) -> list[list[float]]:
        """One list an example, one value a token."""
        flat = self.dense.tolist()
        return [flat[a:b] for a, b in self._bounds()]

    def windows(self) -> list[list[str]]:
        """Tokens of each example of an `INLINE` block."""
        flat = [self.strings[number] for number in self.numbers.tolist()]
        return [flat[a:b] for a, b in self._bounds()]

    def token_ids(self) -> list[Ints]:
        """Vocabulary ids of each example of a `VOCABULARY` block."""
        return [self.numbers[a:b] for a, b in self._bounds()]

    def sequences(self) -> list[int]:
        """Sequence number of each example of a `REFERENCES` block."""
        numbers: list[int] = self.numbers.tolist()
        return numbers

    def maxima(self) -> list[float]:
        """Largest value of each example."""
        largest: list[float] = np.maximum.reduceat(self.dense, self._starts()).tolist() if len(self) else []
        return largest

    def minima(self) -> list[float]:
        """Smallest value of each example."""
        smallest: list[float] = np.minimum.reduceat(self.dense, self._starts()).tolist() if len(self) else []
        return smallest

    def peaks(self) -> list[int]:
        """Position of each example's first largest value."""
        starts = self._starts()
        at_maximum = np.flatnonzero(self.dense == np.repeat(self.maxima(), self.lengths))
        first: list[int] = (at_maximum[np.searchsorted(at_maximum, starts)] - starts).tolist() if len(self) else []
        return first

    def strongest(self) -> tuple[list[float], int]:
        """Values of the first example, which is the strongest, and the position of its peak."""
        first = self.dense[: self.lengths[0]]
        return first.tolist(), int(first.argmax())

    def qualifying_token_indices(self) -> list[int | None]:
        """The position for which each example was chosen, where the dataset says so."""
        named: dict[int, int | None] = {NO_QUALIFYING: None}
        return [
            peak if code == AT_PEAK else named.get(code, code - FIRST_PLACE)
            for code, peak in zip(self.qualifying, self.peaks(), strict=True)
        ]

    def examples(self) -> list[Example]:
        """The examples as they were before encoding, to be written again beside others."""
        columns = zip(self.values(), self.groups, self.qualifying_token_indices(), self.extras, strict=True)
        return [example(*column) for column in columns]

    def _starts(self) -> Ints:
        return np.cumsum(self.lengths) - self.lengths

    def _bounds(self) -> pairwise[tuple[int, int]]:
        return pairwise([0, *np.cumsum(self.lengths).tolist()])


def encode_inline(examples: Examples, windows: Sequence[Sequence[str]]) -> bytes:
    """A block that needs nothing else to be read; `windows[i]` are the tokens of example i."""
    _same_lengths(examples, windows)
    numbers: dict[str, int] = {}
    flat = [numbers.setdefault(token, len(numbers)) for window in windows for token in window]
    ranks = pack_ranks(np.asarray(flat, np.int64))
    tokens = join([pack_texts(list(numbers)), ranks])
    return _encode(INLINE, examples, tokens, len(tokens), len(ranks), len(ranks) - len(flat))


def encode_references(examples: Examples, sequences: Sequence[int] | Ints) -> bytes:
    """A block whose tokens are stored as shared sequences with these numbers."""
    return _encode(REFERENCES, examples, pack_ints(sequences))


def encode_vocabulary_ids(examples: Examples, windows: Sequence[Ints]) -> bytes:
    """A block whose tokens are ids into the source's vocabulary."""
    _same_lengths(examples, windows)
    return encode_vocabulary_flat(examples, _flat(windows))


def encode_vocabulary_flat(examples: Examples, ids: Ints) -> bytes:
    """The same, with the ids of all windows end to end."""
    tokens = pack_ranks(ids)
    return _encode(VOCABULARY, examples, tokens, len(tokens), len(tokens) - len(ids))


def decode(block: bytes, *, bare: bool = False) -> Block:
    """What one of the `encode_…` functions wrote; `bare`: only tokens and values, no groups, choices or extras."""
    kind, parts = split(decompress(block))
    lengths_part, counts_part, groups, group_of, qualifying, extras, positions, values, tokens = parts
    n, (lengths_data,) = split(lengths_part)
    lengths, counts = unpack_ints(lengths_data, n), unpack_ints(counts_part, n)
    dense = np.zeros(int(lengths.sum()))
    dense[_absolute(positions, counts, lengths)] = unpack_floats(values)
    table = [] if bare else unpack_groups(groups)
    strings, numbers = _unpack_tokens(kind, tokens, n if kind == REFERENCES else len(dense))
    return Block(
        format=kind,
        lengths=lengths,
        dense=dense,
        groups=[] if bare else [table[at] for at in unpack_ints(group_of, n).tolist()],
        qualifying=[] if bare else unpack_ints(qualifying, n).tolist(),
        extras=[] if bare else unpack_extras(extras, n),
        strings=strings,
        numbers=numbers,
    )


def encode_vocabulary(tokens: Sequence[str]) -> bytes:
    """The strings of a source's tokens, by id."""
    return compress(pack_texts(tokens))


def decode_vocabulary(block: bytes) -> list[str]:
    """What `encode_vocabulary` wrote."""
    return unpack_texts(decompress(block))


def encode_chunk(windows: Sequence[Ints]) -> bytes:
    """Several shared sequences of vocabulary ids in one row."""
    lengths = pack_ints([len(window) for window in windows])
    ranks = pack_ranks(_flat(windows))
    data = join([lengths, ranks], head=len(windows))
    return compress(data, len(data) - len(ranks) + sum(map(len, windows)))


def decode_chunk(block: bytes) -> list[Ints]:
    """What `encode_chunk` wrote."""
    n, (sizes, ranks) = split(decompress(block))
    lengths = unpack_ints(sizes, n)
    flat = unpack_ranks(ranks, int(lengths.sum()))
    return [flat[a:b] for a, b in pairwise([0, *np.cumsum(lengths).tolist()])]


def _encode(kind: int, examples: Examples, tokens: bytes, *stretches: int) -> bytes:
    """A block; `stretches` say how many bytes before its end the tokens' parts of different kinds begin."""
    columns = _as_columns(examples)
    groups = {group: place for place, group in enumerate(dict.fromkeys(columns.groups))}
    parts = [
        join([pack_ints(columns.lengths)], head=len(columns)),
        pack_ints(columns.counts),
        pack_groups(list(groups)),
        pack_ints([groups[one] for one in columns.groups]),
        pack_ints(columns.qualifying),
        pack_extras(columns.extras),
        _gaps(columns),
        pack_floats(columns.values),
        tokens,
    ]
    data = join(parts, head=kind)
    noise = len(tokens) + len(columns.values)  # The last plane of the values; sequence numbers are like it.
    return compress(data, *(len(data) - before for before in (noise, *stretches)))


def _as_columns(examples: Examples) -> Columns:
    return examples if isinstance(examples, Columns) else columns_of(examples)


def _gaps(columns: Columns) -> bytes:
    """Positions as steps from the one before, each example's first from 0."""
    steps = np.diff(columns.positions, prepend=0)
    starts = (columns.ends - columns.counts)[columns.counts > 0]
    steps[starts] = columns.positions[starts]
    return pack_ints(steps)


def _absolute(gaps: bytes, counts: Ints, lengths: Ints) -> Ints:
    """Places in `dense` from the steps of `_gaps`."""
    steps = unpack_ints(gaps, int(counts.sum()))
    run = np.cumsum(steps)
    starts = np.cumsum(counts) - counts
    before = np.concatenate([np.zeros(1, np.int64), run])[starts]
    windows = np.cumsum(lengths) - lengths
    places: Ints = run + np.repeat(windows - before, counts)
    return places


def _unpack_tokens(kind: int, data: bytes, n: int) -> tuple[list[str], Ints]:
    if kind == REFERENCES:
        return [], unpack_ints(data, n)
    if kind == VOCABULARY:
        return [], unpack_ranks(data, n)
    _, (strings, ranks) = split(data)
    return unpack_texts(strings), unpack_ranks(ranks, n)


def _flat(arrays: Sequence[Ints]) -> Ints:
    return np.concatenate([np.zeros(0, np.int64), *arrays])


def _same_lengths(examples: Examples, windows: Sequence[Sequence[str] | Ints]) -> None:
    for place, (length, window) in enumerate(zip(_as_columns(examples).lengths.tolist(), windows, strict=True)):
        if length != len(window):
            raise BadInputError(
                f"Example {place} has {len(window)} tokens and {length} values; both must be the same number.",
                field="tokens",
            )
