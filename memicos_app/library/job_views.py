"""What a job and a line of its log look like to pages, API and command line; read from rows, changed nowhere here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from memicos_app.db.text import original, original_json
from memicos_app.library.errors import BadInputError
from memicos_app.library.query import Row

JobState = Literal["waiting", "running", "paused", "done", "failed", "cancelled"]
Wish = Literal["", "pause", "cancel"]
SILENT_S = 10.0
"""Seconds without news after which a running job's process counts as gone."""


@dataclass(frozen=True, slots=True)
class JobView:
    """A piece of long work, as it is now."""

    id: int
    kind: str
    title: str
    subject: str
    arguments: dict[str, Any]
    state: JobState
    wish: Wish
    """What was asked of it and is about to be obeyed."""
    step: str
    done: float
    total: float
    """0 where it is not known."""
    unit: str
    rate: float
    """Units a second, smoothed; 0 where it is not known."""
    error: str
    result: dict[str, Any] | None
    attempts: int
    holder: str
    not_before: datetime | None
    created_at: datetime
    started_at: datetime | None
    news_at: datetime | None
    finished_at: datetime | None
    silent: bool
    """It runs, but its process has not written for a while: another takes it up."""

    @property
    def is_open(self) -> bool:
        """Whether something is still to come."""
        return self.state in ("waiting", "running", "paused")

    @property
    def share(self) -> float | None:
        """How much of the step is done, 0 to 1; None where the total is not known."""
        return min(1.0, max(0.0, self.done / self.total)) if self.total > 0 else None

    @property
    def eta_seconds(self) -> float | None:
        """Seconds until the step is done, at the present rate; None where that cannot be said."""
        if self.state != "running" or self.rate <= 0 or self.total <= 0:
            return None
        return max(0.0, self.total - self.done) / self.rate

    @property
    def machine(self) -> str:
        """The machine whose process runs it; empty while none does."""
        return self.holder.partition("/")[0]

    @property
    def verbs(self) -> tuple[str, ...]:
        """What a person may ask of it now: pause, resume, cancel, retry."""
        if self.state == "running" and self.wish:
            return ("resume",) if self.wish == "pause" else ()
        return _VERBS[self.state]


_VERBS: dict[str, tuple[str, ...]] = {
    "waiting": ("pause", "cancel"),
    "running": ("pause", "cancel"),
    "paused": ("resume", "cancel"),
    "done": (),
    "failed": ("retry",),
    "cancelled": ("retry",),
}

COLUMNS = f"""
    id, kind, title, subject, arguments, state, wish, step, done, total, unit, rate, error, result, attempts, holder,
    not_before, created_at, started_at, news_at, finished_at,
    state = 'running' AND news_at < now() - interval '{SILENT_S} seconds' AS silent
"""


def view(row: Row) -> JobView:
    """A job out of a row with `COLUMNS`."""
    texts = {name: original(row[name]) for name in ("title", "subject", "step", "unit", "error")}
    data = {name: original_json(row[name]) for name in ("arguments", "result")}
    return JobView(**{**row, **texts, **data, "silent": bool(row["silent"])})


def state_named(name: str) -> JobState:
    """A state by its name.

    Raises:
        BadInputError: there is no such state.
    """
    for state in get_args(JobState):
        if state == name:
            return state  # type: ignore[no-any-return]
    raise BadInputError(f"There is no state {name!r}; there are {', '.join(get_args(JobState))}.", field="state")
