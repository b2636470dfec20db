"""A batch file of the dashboard generator, which may be large: its features one at a time, straight from disk."""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, overload

from memicos_app.library.datasets.reading import parse

_SIGNS = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)
_OPEN, _CLOSE = b"[{", b"]}"


class FeaturesOnDisk(Sequence[dict[str, Any]]):
    """The features of a file, each parsed when it is asked for; nothing is kept."""

    def __init__(self, path: Path, spans: list[tuple[int, int]]) -> None:
        self._path, self._spans = path, spans

    def __len__(self) -> int:
        return len(self._spans)

    @overload
    def __getitem__(self, place: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, place: slice) -> list[dict[str, Any]]: ...
    def __getitem__(self, place: int | slice) -> dict[str, Any] | list[dict[str, Any]]:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        start, end = self._spans[place]
        with self._path.open("rb") as file:
            return _feature(_read(file, start, end))

    def __iter__(self) -> Iterator[dict[str, Any]]:
        with self._path.open("rb") as file:
            for start, end in self._spans:
                yield _feature(_read(file, start, end))


def read_settings(path: Path) -> tuple[dict[str, Any], FeaturesOnDisk]:
    """What a file says besides its features, and these.

    Raises:
        ValueError: it is not JSON.
        KeyError: it has no features.
        TypeError: something is of another kind than the generator writes.
    """
    if not path.stat().st_size:
        raise ValueError("the file is empty")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        spans, begin, end = _spans(content)
        whole = begin == end
        rest = parse(content[:] if whole else content[:begin] + b"[]" + content[end:])
        between = _between(content, spans, begin, end)
    if not isinstance(rest, dict):
        raise TypeError("it is no JSON object")
    if whole:
        raise KeyError("features")
    if between != b"[" + b"," * (len(spans) - 1) + b"]":
        raise TypeError("its features are no list of objects")
    return rest, FeaturesOnDisk(path, spans)


def _between(content: mmap.mmap, spans: list[tuple[int, int]], begin: int, end: int) -> bytes:
    """What stands in the list of features around them, without white space."""
    starts, ends = [begin, *(span[1] for span in spans)], [*(span[0] for span in spans), end]
    return b"".join(b"".join(content[a : min(b, a + 64)].split()) for a, b in zip(starts, ends, strict=True))


def _spans(content: mmap.mmap) -> tuple[list[tuple[int, int]], int, int]:
    """Where each feature lies, and where their list begins and ends; both at the end where there is none."""
    depth, begin, opened, named = 0, -1, 0, False
    spans: list[tuple[int, int]] = []
    for found in _SIGNS.finditer(content):
        sign = found.group()
        if sign[:1] == b'"':
            named = depth == 1 and sign == b'"features"'
            continue
        if sign in _OPEN:
            depth += 1
            if named and depth == 2 and sign == b"[" and begin < 0:
                begin = found.start()
            elif begin >= 0 and depth == 3:
                opened = found.start()
        else:
            if begin >= 0 and depth == 3:
                spans.append((opened, found.end()))
            if begin >= 0 and depth == 2:
                return spans, begin, found.end()
            depth -= 1
        named = False
    return [], len(content), len(content)


def _read(file: Any, start: int, end: int) -> bytes:
    file.seek(start)
    found: bytes = file.read(end - start)
    return found


def _feature(raw: bytes) -> dict[str, Any]:
    found = parse(raw)
    if not isinstance(found, dict):
        raise TypeError("a feature is no JSON object")
    return found
