"""Progress of a long run: what is being done, how much of it, how fast, and how long it will still take."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Step:
    """A state of progress."""

    stage: str
    done: int
    total: int
    unit: str
    rate: float | None
    """Units a second since this run began the stage; None until something is done."""

    @property
    def seconds_left(self) -> float | None:
        """Estimate from the rate so far."""
        return (self.total - self.done) / self.rate if self.rate else None

    def __str__(self) -> str:
        if not self.unit:
            return self.stage
        line = f"{self.stage}: {self.done:,} of {self.total:,} {self.unit}"
        if self.rate is None or self.seconds_left is None:
            return line
        return f"{line}, {self.rate:,.0f} {self.unit}/s, {_duration(self.seconds_left)} left"


Report = Callable[[Step], None]


class Meter:
    """Counts one stage and reports each step; what was done before a resume does not count for the rate."""

    def __init__(self, stage: str, total: int, unit: str, report: Report, done: int = 0) -> None:
        self._stage, self._total, self._unit, self._report = stage, total, unit, report
        self._before, self._done, self._began = done, done, time.monotonic()
        self._tell()

    def add(self, count: int) -> None:
        """`count` more units are done."""
        self._done += count
        self._tell()

    def _tell(self) -> None:
        new, seconds = self._done - self._before, time.monotonic() - self._began
        rate = new / seconds if new and seconds > 0 else None
        self._report(Step(self._stage, self._done, self._total, self._unit, rate))


class Display(Protocol):
    """Something that shows steps until it is left."""

    def __enter__(self) -> Report: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def display(*, as_json: bool = False) -> Display:
    """Bars on a terminal, lines elsewhere; or JSON."""
    if as_json:
        return Objects()
    return Bars() if sys.stdout.isatty() else Lines()


class Lines:
    """A line a step, at most one every few seconds and one at the end of each stage."""

    def __init__(self, every: float = 5.0, write: Callable[[str], object] | None = None) -> None:
        self._every, self._write, self._last = every, write or _line, float("-inf")

    def __enter__(self) -> Report:
        return self._show

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def _show(self, step: Step) -> None:
        if step.done >= step.total or time.monotonic() - self._last >= self._every:
            self._last = time.monotonic()
            self._write(str(step))


class Objects:
    """A JSON object a step and a line, for a program that reads them."""

    def __enter__(self) -> Report:
        return self._show

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def _show(self, step: Step) -> None:
        _line(json.dumps({"stage": step.stage, "done": step.done, "total": step.total, "unit": step.unit}))


class Bars:
    """One bar a stage on a terminal."""

    def __init__(self) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

        self._tasks: dict[str, TaskID] = {}
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rest]}"),
            TimeElapsedColumn(),
        )

    def __enter__(self) -> Report:
        self._progress.__enter__()
        return self._show

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.__exit__(kind, error, trace)

    def _show(self, step: Step) -> None:
        if step.stage not in self._tasks:
            self._tasks[step.stage] = self._progress.add_task(step.stage, total=step.total, rest="")
        rest = "" if step.seconds_left is None else f"{step.rate:,.0f} {step.unit}/s, {_duration(step.seconds_left)}"
        self._progress.update(self._tasks[step.stage], completed=step.done, total=step.total, rest=rest)


def _line(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _duration(seconds: float) -> str:
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    return (
        f"{whole // 60} min {whole % 60:02d} s" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    )
