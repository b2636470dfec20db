"""Activation lines of a source gathered by feature and encoded, whatever order the lines come in.

Nothing here knows the database: `take` gives rows to store, `merge` joins what a feature already has with
what came later.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from memicos_app.library import blocks
from memicos_app.library.blocks import REFERENCES, VOCABULARY, Example, Group
from memicos_app.library.datasets.layout import ActivationLine
from memicos_app.library.datasets.rows import Report, finite
from memicos_app.library.datasets.windows import Windows
from memicos_app.library.feature_json import finite_json
from memicos_app.library.packing import Ints

MOST_EXAMPLES = 30_000
_TOP_GROUP = -1.0
_RECENT_GROUPS = 20


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


@dataclass(slots=True)
class Gathered:
    """Examples that wait to be stored, by feature."""

    windows: Windows = field(default_factory=Windows)
    waiting: dict[int, list[Kept]] = field(default_factory=dict)
    n_waiting: int = 0
    stored: set[int] = field(default_factory=set)
    """Features of which `take` gave a row before."""
    _groups: dict[tuple[float | str | None, ...], Group] = field(default_factory=dict)

    def add(self, line: ActivationLine, report: Report) -> None:
        """Keep one line; what had to be changed to keep it is reported."""
        values = finite(line.values, "values", report)
        example = blocks.example(values, self._group(line, report), line.qualifying_token_index, _extra(line))
        if self.windows.sharing:
            kept = Kept(example, self.windows.share(line.tokens), None)
        else:
            kept = Kept(example, None, self.windows.ids(line.tokens))
        self.waiting.setdefault(line.index, []).append(kept)
        self.n_waiting += 1

    def take(self) -> tuple[list[Stored], dict[int, list[Kept]]]:
        """Rows of features met for the first time, and what is to be merged into features stored before."""
        self._settle()
        rows, again = [], {}
        for index, kept in self.waiting.items():
            if index in self.stored:
                again[index] = kept
            else:
                rows.append(encode(index, kept))
                self.stored.add(index)
        self.waiting, self.n_waiting = {}, 0
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

    def _group(self, line: ActivationLine, report: Report) -> Group:
        """The interval of a line; few intervals serve all lines of a feature."""
        said = (line.bin_min, line.bin_max, line.bin_contains, line.data_source)
        found = self._groups.get(said)
        if found is None:
            found = _group(line, report)
            self._groups = {said: found, **dict(list(self._groups.items())[:_RECENT_GROUPS])}
        return found

    def _settle(self) -> None:
        """Decide whether to go on sharing; the first time also number the vocabulary by frequency."""
        stopped = self.windows.stop_sharing_if_useless()
        if self.windows.ordered:
            return
        if stopped:
            self._keep_inline()
        everything = [one for kept in self.waiting.values() for one in kept]
        inline = [one.ids for one in everything if one.ids is not None]
        references = [one.sequence for one in everything if one.sequence is not None]
        rank = self.windows.order(self.windows.counts(inline, references))
        for kept in self.waiting.values():
            kept[:] = [one if one.ids is None else Kept(one.example, None, rank[one.ids]) for one in kept]

    def _keep_inline(self) -> None:
        """Give all examples their own tokens, as none is stored yet and windows turned out not to repeat."""
        everything = [one for kept in self.waiting.values() for one in kept]
        windows = iter(self.windows.take_back([one.sequence for one in everything if one.sequence is not None]))
        for kept in self.waiting.values():
            kept[:] = [one if one.sequence is None else Kept(one.example, None, next(windows)) for one in kept]


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


def _group(line: ActivationLine, report: Report) -> Group:
    """The interval; a line without one belongs to the top group."""
    bounds = [_TOP_GROUP if value is None else value for value in (line.bin_min, line.bin_max, line.bin_contains)]
    low, high, share = finite(bounds, "bins", report)
    return Group(low, high, share, line.data_source)


_DFA = ("dfaValues", "dfaMaxValue", "dfaTargetIndex")


def _extra(line: ActivationLine) -> dict[str, Any]:
    rest = line.rest
    if not rest:
        return rest
    if not rest.get("dfaValues"):
        rest = {name: value for name, value in rest.items() if name not in _DFA}
    pairs = rest.pop("zIndices", None)
    if isinstance(pairs, list) and len(pairs) == 2:
        rest.update((name, places) for name, places in zip(("zKIndices", "zQIndices"), pairs, strict=True) if places)
    return {name: finite_json(value) for name, value in rest.items()}
