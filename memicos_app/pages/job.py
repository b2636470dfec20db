"""One job: how far it is, what it says, what it was asked for and what came of it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, TypedDict

import reflex as rx
from reflex.event import EventSpec

from memicos_app.components import job_words
from memicos_app.components.empty import Suggestion, failed, not_found, skeleton_rows
from memicos_app.components.job_card import later
from memicos_app.components.job_rows import JobRow, job_buttons, job_row, obey, progress_line
from memicos_app.components.layout import card, crumbs, page, page_head
from memicos_app.components.rights import declares, needs
from memicos_app.components.ways_in import facts_card
from memicos_app.library import jobs, ownership
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import LibraryError, NotFoundError
from memicos_app.library.job_log import LogLine
from memicos_app.library.job_views import JobView

MOST_LINES = 500
"""Lines that the page keeps; `memicos jobs log` has all."""
ALL = [Suggestion(words="All jobs", note="those that wait or run, and those that ended", href="/admin/jobs")]


class ShownLine(TypedDict):
    """A line of the log."""

    id: int
    time: str
    level: str
    text: str


NO_ROW = JobRow(
    id=0, href="", title="", state="", state_class="", step="", progress="", pace="", share="", note="", when="",
    stamp="", verbs=[],
)  # fmt: skip


@declares(Right.READ)
class JobPageState(rx.State):
    """One job and the end of its log."""

    row: JobRow = NO_ROW
    facts: list[tuple[str, str]] = []
    lines: list[ShownLine] = []
    error: str = ""
    loaded: bool = False
    missing: str = ""
    problem: str = ""
    _shown: int = 0

    @rx.var
    def title(self) -> str:
        return f"{self.row['title']} · MemicOS" if self.row["title"] else "Job · MemicOS"

    @rx.var
    def crumb(self) -> str:
        return f"Job {self.row['id']}" if self.row["id"] else "Job"

    @rx.event(background=True, supersedes=True)
    async def follow(self) -> AsyncIterator[EventSpec]:
        """Read the job and what it said since, and again from the browser for as long as the page is looked at."""
        number = job_number(str(self.number))  # type: ignore[attr-defined]  # of the route
        after = self.lines[-1]["id"] if self.lines and self._shown == number else 0
        try:
            ownership.require_owner()
            one = await jobs.job(number)
            said = await jobs.log(number, after=after, limit=MOST_LINES)
        except LibraryError as error:
            async with self:
                self._forget()
                missing = isinstance(error, NotFoundError)
                self.missing, self.problem = (error.message, "") if missing else ("", error.message)
            if not missing:
                yield rx.call_script(later("job", 4000), callback=JobPageState.again)
            return
        async with self:
            if self._shown != number:
                self._forget()
            self._shown = number
            self._show(one, said)
        yield rx.call_script(later("job", 1000 if one.is_open else 5000), callback=JobPageState.again)

    @rx.event
    def again(self, _result: Any) -> EventSpec:
        return JobPageState.follow()

    @rx.event
    @needs(Right.MANAGE)
    async def ask(self, verb: str, job_id: int) -> list[EventSpec]:
        """Pause, resume, cancel or try it again."""
        said = await obey(verb, job_id)
        return [*([said] if said else []), JobPageState.follow()]

    def _forget(self) -> None:
        self.row, self.lines, self.facts, self.error, self._shown = NO_ROW, [], [], "", 0
        self.missing, self.problem, self.loaded = "", "", True

    def _show(self, one: JobView, said: list[LogLine]) -> None:
        self.missing = self.problem = ""
        self.row, self.facts, self.error, self.loaded = job_row(one), facts_of(one), one.error, True
        if said:
            self.lines = [*self.lines, *map(shown_line, said)][-MOST_LINES:]


def job_number(words: str) -> int:
    """The number in an address; 0, which no job has, where there is none."""
    return int(words) if words.isascii() and words.isdigit() and len(words) < 19 else 0


def shown_line(one: LogLine) -> ShownLine:
    return ShownLine(id=one.id, time=f"{one.at.astimezone():%H:%M:%S}", level=one.level, text=one.text)


def facts_of(one: JobView) -> list[tuple[str, str]]:
    """What is known beside progress and log."""
    now = datetime.now(UTC)
    known = [
        ("kind", one.kind),
        ("works on", one.subject),
        ("machine", one.machine),
        ("begun", f"{one.attempts} times" if one.attempts > 1 else ""),
        ("asked for", job_words.since(one.created_at, now)),
        ("last news", job_words.since(one.news_at, now) if one.news_at and one.state == "running" else ""),
        ("took", job_words.took(one)),
        *((f"asked: {name}", shown(value)) for name, value in one.arguments.items()),
        *((name.replace("_", " "), shown(value)) for name, value in (one.result or {}).items()),
    ]
    return [(name, value) for name, value in known if value != ""]


def shown(value: Any) -> str:
    """A value of the arguments or the result, however deep, in one line of bounded length."""
    words = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return words if len(words) <= 300 else f"{words[:300]}…"


@rx.page(route="/admin/jobs/[number]", title=JobPageState.title, on_load=JobPageState.follow)
def job_page() -> rx.Component:
    state = JobPageState
    missing = not_found("There is no such job", state.missing, ALL)
    return page(
        page_head(
            crumbs(("Admin", "/admin"), ("Jobs", "/admin/jobs"), (state.crumb, "")),
            job_buttons(state.row["id"], state.row["title"], state.row["verbs"], state.ask, size=""),
        ),
        rx.el.div(data_job="", hidden=True),
        rx.cond(state.problem != "", failed(state.problem)),
        rx.cond(
            state.missing != "",
            missing,
            rx.cond(
                state.loaded,
                rx.cond(state.row["id"] != 0, content()),
                card(skeleton_rows(4)),
            ),
        ),
        active="admin",
    )


def content() -> rx.Component:
    row = JobPageState.row
    return rx.fragment(
        rx.el.h1(row["title"], class_name="title iso"),
        rx.el.div(
            rx.el.span(row["state"], class_name=row["state_class"], aria_live="polite"),
            rx.el.time(row["when"], date_time=row["stamp"], class_name="muted"),
            class_name="meta",
        ),
        rx.cond(JobPageState.error != "", failed(JobPageState.error)),
        rx.el.div(
            rx.el.div(
                rx.cond(
                    row["step"] != "",
                    card(rx.el.div(progress_line(row), class_name="card-body"), title="Progress"),
                ),
                log_card(),
                class_name="stack",
            ),
            rx.el.div(facts_card("About it", JobPageState.facts), class_name="side"),
            class_name="cols flip",
        ),
    )


def log_card() -> rx.Component:
    """Follows the newest line, unless somebody has scrolled up to read."""
    lines = rx.el.ol(rx.foreach(JobPageState.lines, log_line), class_name="job-lines")
    return card(
        rx.cond(
            JobPageState.lines.length() > 0,
            rx.el.div(lines, role="log", aria_label="What the job says", tab_index=0, class_name="job-log"),
            rx.el.p("It has said nothing yet.", class_name="card-body muted"),
        ),
        title="Log",
    )


def log_line(one: rx.Var[ShownLine]) -> rx.Component:
    return rx.el.li(
        rx.el.span(one["time"], class_name="faint num"),
        rx.el.span(one["text"], class_name="iso prewrap"),
        key=one["id"],
        class_name=one["level"],
    )
