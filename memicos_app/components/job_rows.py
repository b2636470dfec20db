"""Jobs as rows of a list: what, how far, what can be done about it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, TypedDict

import reflex as rx
from reflex.event import EventSpec

from memicos_app.components import job_words
from memicos_app.library import jobs, ownership
from memicos_app.library.errors import LibraryError
from memicos_app.library.job_views import JobView

VERBS = {"pause": "Pause", "resume": "Resume", "cancel": "Cancel", "retry": "Try again"}
_DO = {"pause": jobs.pause, "resume": jobs.resume, "cancel": jobs.cancel, "retry": jobs.retry}


class JobRow(TypedDict):
    """A job as a list shows it."""

    id: int
    href: str
    title: str
    state: str
    state_class: str
    step: str
    progress: str
    pace: str
    share: str
    """`43%`, or empty where there is no bar."""
    note: str
    """Why it failed, or what came of it."""
    when: str
    stamp: str
    verbs: list[str]


def job_row(one: JobView, now: datetime | None = None) -> JobRow:
    now = now or datetime.now(UTC)
    words, look = job_words.state(one, now)
    shown = one.is_open and one.share is not None
    moment = one.finished_at or one.created_at
    took = f", took {job_words.took(one)}" if one.state == "done" else ""
    asked = "asked " if one.is_open else ""
    return JobRow(
        id=one.id,
        href=f"/admin/jobs/{one.id}",
        title=one.title or one.kind,
        state=words,
        state_class=look,
        step=one.step if one.is_open else "",
        progress=job_words.progress(one) if one.is_open else "",
        pace=job_words.pace(one),
        share=f"{one.share:.1%}" if shown else "",
        note=one.error or (job_words.result(one.result) if one.state == "done" else ""),
        when=asked + job_words.since(moment, now) + took,
        stamp=job_words.stamp(moment),
        verbs=list(one.verbs),
    )


async def obey(verb: str, job_id: int) -> EventSpec | None:
    """Do what a button says; a toast where it cannot be done."""
    try:
        ownership.require_owner()
        await _DO[verb](job_id)
    except LibraryError as error:
        return rx.toast.error(error.message)
    return None


def job_list(rows: rx.Var[list[JobRow]], on_verb: Any, words: str) -> rx.Component:
    """Rows with their bars and buttons."""
    return rx.el.ul(
        rx.foreach(rows, lambda row: job_line(row, on_verb)), aria_label=words, data_list="", class_name="jobs"
    )


def more_line(more: rx.Var[int]) -> rx.Component:
    """How many open jobs stand behind those that are shown."""
    return rx.cond(more > 0, rx.el.p("and ", more, " more that wait", class_name="card-foot"))


def job_line(row: rx.Var[JobRow], on_verb: Any) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.a(row["title"], href=row["href"], data_item="", class_name="strong iso job-title"),
            rx.el.span(row["state"], class_name=row["state_class"]),
            rx.el.time(row["when"], date_time=row["stamp"], class_name="small faint job-when"),
            class_name="row wrap",
        ),
        job_buttons(row["id"], row["title"], row["verbs"], on_verb),
        rx.cond((row["share"] != "") | (row["step"] != ""), progress_line(row)),
        rx.cond(row["note"] != "", rx.el.p(row["note"], class_name="small muted iso job-note")),
        key=row["id"],
        class_name="job",
    )


def progress_line(row: rx.Var[JobRow]) -> rx.Component:
    """A bar where the total is known, and the figures."""
    return rx.el.div(
        rx.cond(row["share"] != "", progress_bar(row["share"], row["title"])),
        rx.el.div(
            rx.el.span(row["step"], class_name="iso"),
            rx.el.span(row["progress"], class_name="num"),
            rx.el.span(row["pace"], class_name="num job-pace"),
            class_name="row wrap small muted",
        ),
        class_name="job-progress",
    )


def progress_bar(share: rx.Var[str], words: rx.Var[str] | str) -> rx.Component:
    """`share` such as `43.2%`, also for a screen reader."""
    return rx.el.div(
        class_name="progress",
        style={"--w": share},
        role="progressbar",
        aria_label=words,
        aria_valuemin="0",
        aria_valuemax="100",
        aria_valuenow=share.replace("%", ""),
    )


def job_buttons(
    job_id: rx.Var[int], title: rx.Var[str], verbs: rx.Var[list[str]], on_verb: Any, *, size: str = "small"
) -> rx.Component:
    """A button for each thing that can be asked of a job now."""
    return rx.el.div(
        *(
            rx.cond(
                verbs.contains(verb),
                rx.el.button(
                    words,
                    type="button",
                    on_click=on_verb(verb, job_id),
                    aria_label=f"{words}: " + title.to(str),
                    class_name=f"btn {size}".strip(),
                ),
            )
            for verb, words in VERBS.items()
        ),
        class_name="row job-verbs",
    )
