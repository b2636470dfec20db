"""Lines of `activations/` as columns, many at a time: what an import spends its time on.

Usual lines are cut rather than parsed: tokens and values are taken out of the text, tokens that were met before are
not looked into again, and the values of all lines are converted at once. Whatever is unusual goes line by line
through `ActivationLine`, which also says what is wrong with it; both ways give the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from memicos_app.library.datasets.activation_columns import TOP_GROUP, checked_fields, types_of
from memicos_app.library.datasets.layout import MARKED, ActivationLine
from memicos_app.library.datasets.line_cutting import Cut, cut, dense_values, strings
from memicos_app.library.datasets.reading import Problems, checked_line, line_lists
from memicos_app.library.datasets.rows import Report, finite
from memicos_app.library.example_columns import Columns, Group, dense_columns
from memicos_app.library.feature_json import encode, finite_json
from memicos_app.library.packing import Ints

BYTES_AT_ONCE = 1 << 18
TEXTS_KEPT = 24 << 20
"""Bytes of tokens that are known again when they come again."""
_MOST_NEW = 0.9
"""Where a larger share of the texts is new, remembering them is not worth the memory."""
_FEWEST = 8
"""Lines for which columns are worth their while."""
_DFA = ("dfaValues", "dfaMaxValue", "dfaTargetIndex")
_FIELDS = {one.alias or name for name, one in ActivationLine.model_fields.items()}
_OTHER_NAMES = {*(ActivationLine.model_fields.keys() - _FIELDS), MARKED}
"""A line with one of these names is unusual."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Usable lines in the order of their file."""

    numbers: list[int]
    """Line numbers, `[n]`."""
    owners: list[tuple[str, str]]
    """Model id and layer that each line speaks of, `[n]`."""
    indices: Ints
    """Features, `[n]`."""
    texts: list[bytes]
    """JSON of the tokens, `[n]`."""
    tokens: dict[bytes, list[str]]
    """Those of `texts` that had to be parsed."""
    columns: Columns
    size: int
    """Bytes of the lines."""
    changed: list[tuple[int, str]] = field(default_factory=list)
    """What could not be kept as it was: line number, and what was done."""

    def __len__(self) -> int:
        return len(self.numbers)

    def taken(self, places: list[int]) -> Batch:
        """Some of the lines."""
        numbers = [self.numbers[at] for at in places]
        kept = set(numbers)
        return Batch(
            numbers,
            [self.owners[at] for at in places],
            self.indices[places],
            [self.texts[at] for at in places],
            self.tokens,
            self.columns.taken(np.asarray(places, np.int64)),
            self.size,
            [one for one in self.changed if one[0] in kept],
        )


def read_activations(
    path: Path,
    problems: Problems,
    at: Callable[[int], None] = lambda position: None,
    most: int = 2000,
    known: KnownTexts | None = None,
) -> Iterator[Batch]:
    """Usable lines of a file, at most so many at once; the others are reported. As `reading.read_lines` otherwise."""
    reader = LineReader(path, problems, known)
    for first, lines in line_lists(path, problems, at, size=BYTES_AT_ONCE):
        for start in range(0, len(lines), most):
            yield from reader.batches(first + start, lines[start : start + most])


class KnownTexts:
    """Tokens that were met before, by their text; for all files of a source."""

    def __init__(self) -> None:
        self._lengths: dict[bytes, int] = {}
        self._size = self._met = 0
        self._remembers = True

    def parsed(self, texts: list[bytes]) -> tuple[Ints, dict[bytes, list[str]]] | None:
        """How many tokens each text has, and the tokens of new ones; None where one is no list of strings."""
        known, new = self._lengths, dict[bytes, list[str]]()
        lengths = []
        for text in texts:
            length = known.get(text)
            if length is None:
                tokens = strings(text)
                if tokens is None:
                    return None
                length = len(tokens)
                new[text] = tokens
                if self._remembers:
                    known[text] = length
                    self._size += len(text)
            lengths.append(length)
        self._met += len(texts)
        if self._size > TEXTS_KEPT:
            self._remembers = len(known) < _MOST_NEW * self._met
            self._size = self._met = 0
            known.clear()
        return np.asarray(lengths, np.int64), new


class LineReader:
    """Turns lines into batches."""

    def __init__(self, path: Path, problems: Problems, known: KnownTexts | None = None) -> None:
        self.path, self.problems = path, problems
        self._known = known or KnownTexts()

    def batches(self, first: int, lines: Sequence[bytes]) -> Iterator[Batch]:
        """Consecutive lines, the first of which has the number `first`."""
        cuts = (cut(number, raw) for number, raw in enumerate(lines, first))
        for layout, run in groupby(cuts, key=lambda one: tuple(one.row)):
            yield from self._run(list(run), usual=bool(layout) and _OTHER_NAMES.isdisjoint(layout))

    def one_by_one(self, lines: Sequence[tuple[int, bytes]]) -> Batch:
        """The thorough way."""
        found = [
            (number, line)
            for number, raw in lines
            if raw.strip() and (line := checked_line(self.path, number, raw, ActivationLine, self.problems))
        ]
        return _batch_of(found, sum(len(raw) for _, raw in lines))

    def _run(self, run: list[Cut], usual: bool) -> Iterator[Batch]:
        """Lines with the same names in the same order."""
        if not usual or len(run) < _FEWEST:
            yield self.one_by_one([(one.number, one.raw) for one in run])
            return
        batch = self._columns(run)
        if batch is not None:
            yield batch
            return
        half = len(run) // 2
        yield from self._run(run[:half], usual)
        yield from self._run(run[half:], usual)

    def _columns(self, run: list[Cut]) -> Batch | None:
        """The lines as columns at once; None where one of them is unusual."""
        names = list(run[0].row)
        table = dict(zip(names, zip(*[one.row.values() for one in run], strict=True), strict=True))
        fields = checked_fields(table, len(run))
        if fields is None:
            return None
        texts = [one.text for one in run]
        parsed = self._known.parsed(texts)
        dense = dense_values([one.values for one in run])
        if parsed is None or dense is None:
            return None
        lengths, tokens = parsed
        if not np.array_equal(lengths, dense[1]):
            return None
        places = table.get("qualifyingTokenIndex") or [None] * len(run)
        columns = dense_columns(dense[0], lengths, places, fields.groups, _extras(table, len(run)))
        size = sum(len(one.raw) for one in run)
        return Batch([one.number for one in run], fields.owners, fields.indices, texts, tokens, columns, size)


def _extras(table: dict[str, tuple[Any, ...]], n: int) -> list[dict[str, Any]]:
    """Columns without a place of their own; most say nothing, and nearly all of the others are the same one."""
    speaking = {name: column for name, column in table.items() if name not in _FIELDS and _says_something(column)}
    if not speaking:
        return [{} for _ in range(n)]
    if speaking.keys() == {"dataIndex"} and types_of(speaking["dataIndex"]) == {str}:
        return [{"dataIndex": text} if text else {} for text in speaking["dataIndex"]]
    rows = zip(*speaking.values(), strict=True)
    return [extra(dict(zip(speaking, row, strict=True))) for row in rows]


def _says_something(column: Sequence[Any]) -> bool:
    return any(value is not None and value not in ([], {}, "") for value in column)


def extra(rest: dict[str, Any]) -> dict[str, Any]:
    """Further columns of a line as they are stored."""
    rest = {name: value for name, value in rest.items() if value is not None and value not in ([], {}, "")}
    if not rest.get("dfaValues"):
        rest = {name: value for name, value in rest.items() if name not in _DFA}
    pairs = rest.pop("zIndices", None)
    if isinstance(pairs, list) and len(pairs) == 2:
        rest.update((name, places) for name, places in zip(("zKIndices", "zQIndices"), pairs, strict=True) if places)
    return {name: finite_json(value) for name, value in rest.items()}


def _batch_of(lines: Sequence[tuple[int, ActivationLine]], size: int) -> Batch:
    """Lines that were parsed from so many bytes."""
    changed: list[tuple[int, str]] = []
    values, groups, texts, tokens = [], [], [], {}
    for number, line in lines:
        report = partial(_note, changed, number)
        values.append(np.asarray(finite(line.values, "values", report), np.float64))
        groups.append(_group(line, report))
        text = encode(line.tokens)
        texts.append(text)
        tokens[text] = line.tokens
    lengths = np.asarray([len(one) for one in values], np.int64)
    dense = np.concatenate([np.zeros(0), *values])
    places = [line.qualifying_token_index for _, line in lines]
    columns = dense_columns(dense, lengths, places, groups, [extra(line.rest) for _, line in lines])
    return Batch(
        [number for number, _ in lines],
        [(line.model_id, line.layer) for _, line in lines],
        np.asarray([line.index for _, line in lines], np.int64),
        texts,
        tokens,
        columns,
        size,
        changed,
    )


def _note(changed: list[tuple[int, str]], number: int, message: str) -> None:
    changed.append((number, message))


def _group(line: ActivationLine, report: Report) -> Group:
    """The interval; a line without one belongs to the top group."""
    bounds = [TOP_GROUP if value is None else value for value in (line.bin_min, line.bin_max, line.bin_contains)]
    low, high, share = finite(bounds, "bins", report)
    return Group(low, high, share, line.data_source)
