"""A job in words: how much is done, how fast, how long still, since when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from memicos_app.components.figures import count
from memicos_app.library.job_views import JobView

STATES = {
    "waiting": ("waiting", "chip"),
    "running": ("running", "chip accent"),
    "paused": ("paused", "chip amber"),
    "done": ("done", "chip"),
    "failed": ("failed", "chip rose"),
    "cancelled": ("cancelled", "chip"),
}
_WISHES = {"pause": ("pausing", "chip amber"), "cancel": ("cancelling", "chip amber")}


def state(one: JobView, now: datetime) -> tuple[str, str]:
    """State and the look of its chip; what a person asked of it goes before."""
    if one.wish:
        return _WISHES[one.wish]
    if one.state == "running" and one.silent:
        return "no news of its process", "chip amber"
    if one.state == "waiting" and one.not_before is not None and one.not_before > now:
        return f"tried again in {duration((one.not_before - now).total_seconds())}", "chip amber"
    return STATES[one.state]


def progress(one: JobView) -> str:
    """`1.2 of 12.6 MB`, `512 of 4,485 explanations`; empty where nothing was told."""
    if not one.step:
        return ""
    if one.unit == "bytes":
        return f"{size(one.done)} of {size(one.total)}" if one.total else size(one.done)
    done = f"{count(int(one.done))} of {count(int(one.total))}" if one.total else count(int(one.done))
    return f"{done} {one.unit}".rstrip()


def pace(one: JobView) -> str:
    """`3.1 MB/s, 2 min left`; empty where it is not known or does not run."""
    if one.state != "running" or one.rate <= 0:
        return ""
    rate = size(one.rate) if one.unit == "bytes" else f"{one.rate:,.0f}" if one.rate >= 10 else f"{one.rate:.2g}"
    left = f", {duration(one.eta_seconds)} left" if one.eta_seconds is not None else ""
    return f"{rate}/s{left}"


def size(number: float) -> str:
    """Bytes with a unit in which they are read: `12.6 MB`."""
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.0f} {unit}" if unit == "B" or number >= 100 else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:,.1f} TB"


def duration(seconds: float) -> str:
    """`8 s`, `3 min`, `2 h 5 min`, `4 d`."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{round(whole / 60)} min"
    if whole < 48 * 3600:
        hours, minutes = divmod(round(whole / 60), 60)
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{round(whole / 86_400)} d"


def since(moment: datetime, now: datetime) -> str:
    """`just now`, `3 min ago`."""
    passed = (now - moment).total_seconds()
    return "just now" if passed < 5 else f"{duration(passed)} ago"


def took(one: JobView) -> str:
    """How long an ended job took from its first beginning; empty for others."""
    if one.finished_at is None or one.started_at is None:
        return ""
    return duration((one.finished_at - one.started_at).total_seconds())


def result(values: Mapping[str, Any] | None) -> str:
    """What a job answered, in one line: `features 4,095, problems 0`."""
    plain = [(name.replace("_", " "), value) for name, value in (values or {}).items() if _is_plain(value)]
    return ", ".join(f"{name} {count(value) if isinstance(value, int) else value}" for name, value in plain)


def stamp(moment: datetime) -> str:
    """A moment for the `datetime` of a page."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)
