"""Sources as the admin page lists them: words, figures and verbs out of how they stand."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TypedDict

from memicos_app.components.figures import count, size_words
from memicos_app.components.jump import place
from memicos_app.library.datasets.standing import SetStanding, Standing
from memicos_app.library.job_views import JobView

SHOWS = {"all": "All", "here": "Here", "away": "Not here", "partly": "Incomplete", "newer": "Newer upstream"}
"""What the list can be narrowed to."""
STATES = {
    "here": ("complete", "chip accent"),
    "partly": ("incomplete", "chip amber"),
    "newer": ("newer upstream", "chip amber"),
    "importing": ("importing", "chip amber"),
    "unfinished": ("unfinished", "chip amber"),
    "away": ("not here", "chip"),
    "weights": ("no dashboards", "chip"),
}
_INCOMPLETE = ("partly", "importing", "unfinished")
_BROWSABLE = ("here", "partly", "newer")


class ShelfRow(TypedDict):
    """One source; `verbs` are those that make sense now."""

    key: str
    model: str
    source: str
    href: str
    state: str
    style: str
    seen: str
    """`unlisted` or `private`; empty where everybody finds it."""
    note: str
    trouble: bool
    features: str
    size: str
    when: str
    job: str
    job_href: str
    job_words: str
    job_share: str
    verbs: list[str]


class ShelfSet(TypedDict):
    """A source set; its rows are only there while it is open."""

    key: str
    model: str
    name: str
    href: str
    words: str
    share: str
    size: str
    open: bool
    away: int
    busy: str
    rows: list[ShelfRow]


def matches(one: Standing, words: str, show: str) -> bool:
    """Whether a source is to be listed."""
    said = f"{one.model_id} {one.set_name} {one.source_id}".lower()
    if not all(word in said for word in words.lower().split()):
        return False
    return {
        "here": one.state in _BROWSABLE,
        "away": one.state in ("away", "weights"),
        "partly": one.state in _INCOMPLETE or (one.job is not None and one.job.state == "failed"),
        "newer": one.state == "newer",
    }.get(show, True)


def shelf(sets: Iterable[SetStanding], opened: set[str], words: str = "", show: str = "all") -> list[ShelfSet]:
    """The sets that hold a source that matches, with those sources where the set is open."""
    listed = []
    for one in sets:
        found = [source for source in one.sources if matches(source, words, show)]
        if found:
            listed.append(_set(one, found, f"{one.model_id}/{one.name}" in opened))
    return listed


def _set(one: SetStanding, found: list[Standing], is_open: bool) -> ShelfSet:
    total, here = len(one.sources), one.n_here
    busy = sum(source.job is not None and source.job.is_open for source in one.sources)
    return ShelfSet(
        key=f"{one.model_id}/{one.name}",
        model=one.model_id,
        name=one.name,
        href=place(one.model_id, one.name) if here else "",
        words=f"{count(here)} of {count(total)} here",
        share=f"{here / total:.0%}",
        size=size_words(one.size) if one.size else "",
        open=is_open,
        away=sum(source.state == "away" and not _is_busy(source) for source in one.sources),
        busy=f"{busy} in work" if busy else "",
        rows=[row(source) for source in found] if is_open else [],
    )


def row(one: Standing) -> ShelfRow:
    """A source's line."""
    words, style = STATES[one.state]
    job = one.job
    return ShelfRow(
        key=f"{one.model_id}/{one.source_id}",
        model=one.model_id,
        source=one.source_id,
        href=place(one.model_id, one.source_id) if one.state in _BROWSABLE else "",
        state=words,
        style=style,
        seen="" if one.shown == "public" else one.shown,
        note=_note(one),
        trouble=one.state == "partly" or (job is not None and job.state == "failed"),
        features=f"{count(one.n_features)} features" if one.n_features else "",
        size=size_words(one.size) if one.size else "",
        when=ago(one.finished_at) if one.finished_at else "",
        job=str(job.id) if job is not None and job.is_open else "",
        job_href=f"/admin/jobs/{job.id}" if job is not None else "",
        job_words=job_words(job) if job is not None and job.is_open else "",
        job_share=f"{job.share:.1%}" if job is not None and job.is_open and job.share is not None else "",
        verbs=_verbs(one),
    )


def _is_busy(one: Standing) -> bool:
    return one.job is not None and one.job.is_open


def _verbs(one: Standing) -> list[str]:
    if one.job is not None and one.job.is_open:
        return list(one.job.verbs)
    found = []
    if one.origin and one.state == "away":
        found.append("download")
    if one.origin and one.state in ("partly", "unfinished"):
        found.append("finish")
    if one.origin and one.state in ("here", "newer"):
        found.append("re-sync")
    if one.state == "weights":
        found.append("generate")
    if one.state in _BROWSABLE:
        found += ["verify", "delete"]
    elif one.state == "unfinished":
        found.append("delete")
    return found


def _note(one: Standing) -> str:
    if one.job is not None and one.job.state == "failed":
        return f"{one.job.title} failed: {one.job.error}"
    if one.missing:
        more = f" and {len(one.missing) - 1} more" if len(one.missing) > 1 else ""
        return f"Missing: {one.missing[0]}{more}"
    if one.set_aside:
        return f"{count(one.set_aside)} line{'s' if one.set_aside > 1 else ''} set aside"
    return ""


def job_words(job: JobView) -> str:
    """What a job does now: `activations · 42 % · 3.1 MB/s · 40 s left`."""
    if job.state == "waiting":
        return "waits for its turn" if not job.error else f"tried again soon: {job.error}"
    if job.state == "paused":
        return "paused"
    parts = [job.step or job.title]
    if job.share is not None:
        parts.append(f"{job.share:.0%}".replace("%", " %"))
    if job.rate > 0:
        parts.append(f"{size_words(job.rate)}/s" if job.unit == "bytes" else f"{count(round(job.rate))} {job.unit}/s")
    if job.eta_seconds is not None:
        parts.append(f"{duration(job.eta_seconds)} left")
    return " · ".join(parts)


def duration(seconds: float) -> str:
    """`40 s`, `3 min`, `2 h 10 min`, `4 d`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if hours < 48 else f"{round(hours / 24)} d"


def ago(moment: datetime, now: datetime | None = None) -> str:
    """How long ago, in words; the day itself after a month."""
    seconds = ((now or datetime.now(UTC)) - moment).total_seconds()
    if seconds < 60:
        return "just now"
    if seconds < 30 * 86_400:
        return f"{duration(seconds)} ago"
    return moment.date().isoformat()
