"""A `Watch` for a terminal: a bar a step, lines of the log above them; Ctrl+C stops at once, nothing is lost."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn

from memicos_app.library.watch import Level

_COLOURS: dict[Level, str] = {"info": "", "warning": "yellow", "error": "red"}


class TerminalWatch:
    """Shows what work tells while the context is open."""

    def __init__(self, console: Console) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
        self._console = console
        self._progress = Progress(*columns, console=console)
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> TerminalWatch:
        self._progress.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.__exit__(kind, error, trace)

    def tell(self, step: str, done: float, total: float, unit: str = "") -> None:
        """Move the step's bar; the bars before it are full."""
        if step not in self._tasks:
            for task in self._tasks.values():
                full = self._progress.tasks[task].total or 1
                self._progress.update(task, total=full, completed=full)
            self._tasks[step] = self._progress.add_task(escape(step), total=total or None)
        self._progress.update(self._tasks[step], completed=done, total=total or None)

    def log(self, text: str, level: Level = "info") -> None:
        """A line above the bars."""
        self._console.print(text, style=_COLOURS[level], markup=False, highlight=False)

    async def checkpoint(self) -> None:
        """Never stops: Ctrl+C does."""
