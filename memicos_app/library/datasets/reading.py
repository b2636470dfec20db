"""Reading JSON lines, plain or gzipped, one at a time: memory does not grow with the file.

A line that cannot be used is reported with its file and number, and reading goes on. NaN and lone
surrogates, which strict JSON refuses and Python tools write, are read as they are meant.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import orjson
from pydantic import ValidationError

from memicos_app.db.text import original_json
from memicos_app.library.datasets import unpacking
from memicos_app.library.datasets.layout import BESIDE, MARKED, Line

LONGEST_LINE = 64 << 20
_BLOCK = 1 << 18
Kind = TypeVar("Kind", bound=Line)


@dataclass(frozen=True, slots=True)
class LineProblem:
    """What was wrong with a line and what was done about it; line 0 is the file as a whole."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}" if self.line else f"{self.file}: {self.message}"


@dataclass(slots=True)
class Problems:
    """Every problem counted, the first ones kept."""

    keep: int = 1000
    total: int = 0
    first: list[LineProblem] = field(default_factory=list)
    damaged: bool = False
    """Whether a file ended before its content did."""

    def add(self, file: Path, line: int, message: str) -> None:
        """Count a problem; keep it while there is room."""
        self.total += 1
        if len(self.first) < self.keep:
            self.first.append(LineProblem(f"{file.parent.name}/{file.name}", line, message))

    def damage(self, file: Path, line: int, message: str) -> None:
        """Count a problem that hides the rest of its file."""
        self.add(file, line, message)
        self.damaged = True

    def take_over(self, others: Problems) -> None:
        """Count another's problems too."""
        self.total += others.total
        self.first += others.first[: self.keep - len(self.first)]


def read_lines(
    path: Path, kind: type[Kind], problems: Problems, at: Callable[[int], None] = lambda position: None
) -> Iterator[tuple[int, Kind]]:
    """Lines of a file as `kind`, each with its number from 1; blank lines are none, an empty file has none.

    Args:
        at: told now and then how many bytes of the file, as it lies on disk, have been read.
    """
    for number, raw in raw_lines(path, problems, at):
        line = checked_line(path, number, raw, kind, problems)
        if line is not None:
            yield number, line


def checked_line(path: Path, number: int, raw: bytes, kind: type[Kind], problems: Problems) -> Kind | None:
    """One line; None where it is not of the kind, which is reported."""
    try:
        return kind.model_validate(parse(raw))
    except ValidationError as error:
        problems.add(path, number, f"left out: {sentence(error)}")
    except ValueError as error:
        problems.add(path, number, f"left out: not JSON ({error})")
    return None


def read_first(path: Path, kind: type[Kind], problems: Problems, beside: dict[str, Any] | None = None) -> Kind | None:
    """The first usable line of a small file with the fields that stand beside it; None where there is no line."""
    if not path.is_file():
        return None
    found = next((line for _, line in read_lines(path, kind, problems)), None)
    if found is None or not beside:
        return found
    try:
        return kind.model_validate({**found.model_dump(by_alias=True), **beside})
    except ValidationError as error:
        problems.add(path.with_name(BESIDE), 1, f"left out: {sentence(error)}")
        return found


def read_object(path: Path) -> dict[str, Any]:
    """A small file that holds one JSON object; empty where it is missing or something else."""
    try:
        found = parse(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def raw_lines(path: Path, problems: Problems, at: Callable[[int], None]) -> Iterator[tuple[int, bytes]]:
    """Non-blank lines without their ends, by number; a file that ends early is reported after what could be read.

    Raises:
        Swollen: a small file unpacks without end.
    """
    for first, lines in line_lists(path, problems, at):
        for number, raw in enumerate(lines, first):
            if raw.strip():
                yield number, raw


def line_lists(
    path: Path, problems: Problems, at: Callable[[int], None], size: int = _BLOCK
) -> Iterator[tuple[int, list[bytes]]]:
    """Consecutive lines, blank ones too, in lists of about `size` bytes, each with its first line's number."""
    number, begun, length = 1, [b""], 0
    try:
        for position, block in unpacking.blocks(path, size):
            at(position)
            *ended, rest = block.split(b"\n")
            length += len(ended[0] if ended else rest)
            if length >= LONGEST_LINE:
                problems.damage(path, number, f"left out, and what follows: longer than {LONGEST_LINE >> 20} MiB")
                return
            if ended:
                ended[0] = b"".join((*begun, ended[0]))
                yield number, ended
                number, begun, length = number + len(ended), [], len(rest)
            begun.append(rest)
    except unpacking.DamagedError as error:
        problems.damage(path, number, f"the file is damaged from here on ({error})")
    else:
        if length:
            yield number, [b"".join(begun)]


def lines_at(path: Path, wanted: set[int], most_of_one: int, most: int) -> dict[int, tuple[bytes, int]]:
    """The first bytes and the size of lines by their numbers; what exceeds `most` bytes in all is left empty."""
    found: dict[int, tuple[bytes, int]] = {}
    last = max(wanted)
    for number, raw in raw_lines(path, Problems(), lambda position: None):
        if number > last:
            break
        if number in wanted:
            line = raw.rstrip(b"\r\n")
            kept = line[: min(most_of_one, most)]
            most -= len(kept)
            found[number] = kept, len(line)
    return found


def parse(raw: bytes) -> Any:
    """JSON with NaN, Infinity and lone surrogates allowed, and marks undone in a line that says it has some.

    Raises:
        ValueError: it is not JSON even so.
    """
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError:
        found = _patient_parse(raw)
    if isinstance(found, dict) and found.pop(MARKED, False):
        return original_json(found)
    return found


def _patient_parse(raw: bytes) -> Any:
    try:
        return json.loads(raw.decode("utf-8", "surrogatepass").lstrip("\ufeff"))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def sentence(error: ValidationError) -> str:
    """What a line's type says against it, in one line: field and reason."""
    parts = []
    for one in error.errors(include_url=False, include_input=False)[:3]:
        place = ".".join(str(step) for step in one["loc"])
        parts.append(f"{place}: {one['msg']}" if place else one["msg"])
    return "; ".join(parts)
