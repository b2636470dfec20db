"""Activation lines of a source gathered by feature and encoded, whatever order the lines come in.

Nothing here knows the database: `take` gives rows to store, `merge` joins what a feature already has with
what came later.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from memicos_app.library import blocks
from memicos_app.library.blocks import REFERENCES, VOCABULARY
from memicos_app.library.datasets.activation_lines import Batch
from memicos_app.library.datasets.windows import Windows
from memicos_app.library.example_columns import Columns, Example, joined, stretches
from memicos_app.library.packing import Ints

Ids = npt.NDArray[np.int32]
MOST_EXAMPLES = 30_000
MOST_WAITING = 50_000
"""Examples that are gathered before they are stored, whatever the files' sizes."""
MOST_BYTES = 256 << 20
"""Of their lines; usual ones need a third for so many."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An example and its tokens: the number of a shared sequence, or vocabulary numbers."""

    example: Example
    sequence: int | None
    ids: Ints | None


@dataclass(frozen=True, slots=True)
class Stored:
    """A row of `feature_examples`."""

    index: int
    format: int
    n: int
    block: bytes


@dataclass(frozen=True, slots=True)
class _Waiting:
    """Examples in the order they came, with one kind of tokens: sequence numbers `[n]`, or ids end to end."""

    indices: Ints
    columns: Columns
    sequences: Ints | None
    ids: Ids | None

    def taken(self, order: Ints) -> _Waiting:
        """The examples at these places, in this order."""
        return _Waiting(
            self.indices[order],
            self.columns.taken(order),
            None if self.sequences is None else self.sequences[order],
            None if self.ids is None else self.ids[stretches(self.columns.lengths, order)],
        )

    def kept(self, first: int, last: int) -> list[Kept]:
        """Neighbouring examples one by one."""
        examples = self.columns.examples(first, last)
        if self.sequences is not None:
            return [Kept(*each, None) for each in zip(examples, self.sequences[first:last].tolist(), strict=True)]
        assert self.ids is not None
        ends = np.cumsum(self.columns.lengths)[first:last].tolist()
        ids = [self.ids[end - one.length : end].astype(np.int64) for one, end in zip(examples, ends, strict=True)]
        return [Kept(one, None, window) for one, window in zip(examples, ids, strict=True)]


@dataclass(slots=True)
class Gathered:
    """Examples that wait to be stored."""

    windows: Windows = field(default_factory=Windows)
    waiting: list[_Waiting] = field(default_factory=list)
    n_waiting: int = 0
    size: int = 0
    """Bytes of the lines that wait."""
    stored: set[int] = field(default_factory=set)
    """Features of which `take` gave a row before."""

    @property
    def full(self) -> bool:
        """Whether so much waits that it should be taken."""
        return self.n_waiting >= MOST_WAITING or self.size >= MOST_BYTES

    def add(self, batch: Batch) -> None:
        """Keep the lines of a batch."""
        if not len(batch):
            return
        if self.windows.sharing:
            sequences = self.windows.share_all(batch.texts, batch.tokens)
            self.waiting.append(_Waiting(batch.indices, batch.columns, sequences, None))
        else:
            ids = self.windows.ids_all(batch.texts, batch.tokens).astype(np.int32)
            self.waiting.append(_Waiting(batch.indices, batch.columns, None, ids))
        self.n_waiting += len(batch)
        self.size += batch.size

    def take(self) -> tuple[list[Stored], dict[int, list[Kept]]]:
        """Rows of features met for the first time, and what is to be merged into features stored before."""
        if not self.n_waiting:
            return [], {}
        everything = self._settled(_joined(self.waiting))
        self.waiting, self.n_waiting, self.size = [], 0, 0
        _, first, feature = np.unique(everything.indices, return_index=True, return_inverse=True)
        came = first[feature]
        order = np.lexsort((-everything.columns.maxima, came))
        ordered = everything.taken(order)
        ends = [*(np.flatnonzero(np.diff(came[order])) + 1).tolist(), len(order)]
        again: dict[int, list[Kept]] = {}
        rows = []
        for (start, end), row in zip(pairwise([0, *ends]), _rows(ordered, ends, self.stored), strict=True):
            if row is None:
                again[int(ordered.indices[start])] = ordered.kept(start, end)
            else:
                rows.append(row)
        self.stored.update(one.index for one in rows)
        return rows, again

    def merge(self, index: int, block: bytes, later: list[Kept]) -> Stored:
        """The row of a feature that has a block already."""
        before = blocks.decode(block)
        if before.format == REFERENCES:
            kept = [
                Kept(one, number, None) for one, number in zip(before.examples(), before.sequences(), strict=True)
            ]
            later = [one if one.sequence is not None else self._shared(one) for one in later]
        else:
            kept = [Kept(one, None, ids) for one, ids in zip(before.examples(), before.token_ids(), strict=True)]
        return encode(index, [*kept, *later])

    def _shared(self, one: Kept) -> Kept:
        assert one.ids is not None
        return Kept(one.example, self.windows.share(self.windows.tokens(one.ids)), None)

    def _settled(self, everything: _Waiting) -> _Waiting:
        """Decide whether to go on sharing; the first time also number the vocabulary by frequency."""
        stopped = self.windows.stop_sharing_if_useless()
        if self.windows.ordered:
            return everything
        columns, references, ids = everything.columns, everything.sequences, everything.ids
        if stopped:
            # None is stored yet and windows turned out not to repeat: all get their own tokens.
            assert references is not None
            ids = np.concatenate(self.windows.take_back(references)).astype(np.int32)
            references = None
        inline = [] if ids is None else [ids.astype(np.int64)]
        rank = self.windows.order(self.windows.counts(inline, [] if references is None else references))
        return _Waiting(everything.indices, columns, references, None if ids is None else rank[ids].astype(np.int32))


def _joined(parts: list[_Waiting]) -> _Waiting:
    sequences = [one.sequences for one in parts if one.sequences is not None]
    ids = [one.ids for one in parts if one.ids is not None]
    assert not (sequences and ids), "sharing ends only when nothing waits"
    return _Waiting(
        np.concatenate([one.indices for one in parts]),
        joined([one.columns for one in parts]),
        np.concatenate(sequences) if sequences else None,
        np.concatenate(ids) if ids else None,
    )


def _rows(ordered: _Waiting, ends: list[int], stored: set[int]) -> Iterator[Stored | None]:
    """A row for each stretch of examples, which are of one feature each; None for features that have one."""
    columns = ordered.columns
    active, tokens = [0, *columns.ends.tolist()], [0, *np.cumsum(columns.lengths).tolist()]
    for start, end in pairwise([0, *ends]):
        index, last = int(ordered.indices[start]), min(end, start + MOST_EXAMPLES)
        part = columns.part(start, last, slice(active[start], active[last]))
        if index in stored:
            yield None
        elif ordered.sequences is not None:
            block = blocks.encode_references(part, ordered.sequences[start:last])
            yield Stored(index, REFERENCES, last - start, block)
        else:
            assert ordered.ids is not None
            flat = ordered.ids[tokens[start] : tokens[last]].astype(np.int64)
            yield Stored(index, VOCABULARY, last - start, blocks.encode_vocabulary_flat(part, flat))


def encode(index: int, kept: list[Kept]) -> Stored:
    """A feature's row, strongest example first."""
    ordered = sorted(kept, key=lambda one: -one.example.max_value)[:MOST_EXAMPLES]
    examples = [one.example for one in ordered]
    references = [one.sequence for one in ordered if one.sequence is not None]
    if len(references) == len(ordered):
        return Stored(index, REFERENCES, len(ordered), blocks.encode_references(examples, references))
    ids = [one.ids for one in ordered if one.ids is not None]
    assert not references, "a feature's examples are all shared or all inline"
    return Stored(index, VOCABULARY, len(ordered), blocks.encode_vocabulary_ids(examples, ids))
