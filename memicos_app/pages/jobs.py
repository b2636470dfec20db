"""All jobs: those that wait or run, live, and the history behind them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, get_args

import reflex as rx
from reflex.event import EventSpec

from memicos_app.components.copy import command
from memicos_app.components.empty import empty, failed, skeleton_rows
from memicos_app.components.job_card import later
from memicos_app.components.job_rows import JobRow, job_list, job_row, more_line, obey
from memicos_app.components.layout import card, crumbs, page, page_head
from memicos_app.components.rights import declares, needs
from memicos_app.library import jobs, ownership
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import LibraryError
from memicos_app.library.jobs import JobState

ENDED: tuple[JobState, ...] = ("done", "failed", "cancelled")
PAGE, MOST_OPEN = 30, 50


@declares(Right.READ)
class JobsState(rx.State):
    """The list of jobs."""

    open_rows: list[JobRow] = []
    ended_rows: list[JobRow] = []
    only: str = ""
    """Which of those that ended are listed: a state, or empty for all."""
    waiting: int = 0
    """Open jobs that are not listed."""
    pages: int = 1
    more: bool = False
    loaded: bool = False
    problem: str = ""

    @rx.event(background=True, supersedes=True)
    async def follow(self) -> AsyncIterator[EventSpec]:
        """Read the jobs, and again from the browser for as long as the page is looked at."""
        problem, found, ended, waiting = "", [], [], 0
        wanted = tuple(one for one in ENDED if self.only in ("", one))
        try:
            ownership.require_owner()
            found = [job_row(one) for one in await jobs.open_jobs(MOST_OPEN)]
            waiting = await jobs.count_open() - len(found) if len(found) == MOST_OPEN else 0
            ended = [job_row(one) for one in await jobs.jobs(states=wanted, limit=self.pages * PAGE + 1)]
        except LibraryError as error:
            problem = error.message
        async with self:
            self.problem, self.loaded = problem, True
            if not problem:
                self.waiting = waiting
                self.more = len(ended) > self.pages * PAGE and len(ended) < jobs.MOST_LISTED
                self.open_rows, self.ended_rows = found, ended[: self.pages * PAGE]
        yield rx.call_script(later("joblist", 1000 if found else 4000), callback=JobsState.again)

    @rx.event
    def again(self, _result: Any) -> EventSpec:
        return JobsState.follow()

    @rx.event
    @needs(Right.MANAGE)
    async def ask(self, verb: str, job_id: int) -> list[EventSpec]:
        """Pause, resume, cancel or try a job again."""
        said = await obey(verb, job_id)
        return [*([said] if said else []), JobsState.follow()]

    @rx.event
    def choose(self, only: str) -> EventSpec:
        """List only what ended in one way."""
        self.only, self.pages = only if only in get_args(JobState) else "", 1
        return JobsState.follow()

    @rx.event
    def show_more(self) -> EventSpec:
        """List older ones too."""
        self.pages += 1
        return JobsState.follow()


@rx.page(route="/admin/jobs", title="Jobs · MemicOS", on_load=JobsState.follow)
def jobs_page() -> rx.Component:
    state = JobsState
    return page(
        page_head(crumbs(("Admin", "/admin"), ("Jobs", ""))),
        rx.el.h1("Jobs", class_name="sr"),
        rx.el.div(data_joblist="", hidden=True),
        rx.cond(state.problem != "", failed(state.problem)),
        rx.cond(
            state.loaded,
            rx.cond(state.problem == "", rx.el.div(open_card(), history_card(), class_name="stack")),
            card(skeleton_rows(4), title="Now"),
        ),
        active="admin",
    )


def open_card() -> rx.Component:
    nothing = empty(
        "Nothing is being done",
        "Imports, dashboards and exports run as jobs: they go on while no page is open, and after a restart. "
        "This brings in a source:",
        command("memicos import MODEL SOURCE"),
    )
    rows = job_list(JobsState.open_rows, JobsState.ask, "Jobs that wait or run")
    return card(rx.cond(JobsState.open_rows, rows, nothing), more_line(JobsState.waiting), title="Now")


def history_card() -> rx.Component:
    choice = rx.el.div(
        *(
            rx.el.button(
                words,
                type="button",
                aria_pressed=JobsState.only == only,
                on_click=JobsState.choose(only),
            )
            for words, only in (("All", ""), ("Done", "done"), ("Failed", "failed"), ("Cancelled", "cancelled"))
        ),
        role="group",
        aria_label="Which jobs",
        class_name="seg",
    )
    older = rx.el.div(
        rx.el.button("Older", type="button", on_click=JobsState.show_more, class_name="btn small"),
        class_name="card-foot",
    )
    return card(
        rx.cond(
            JobsState.ended_rows,
            job_list(JobsState.ended_rows, JobsState.ask, "Jobs that ended"),
            rx.el.p("None yet.", class_name="card-body muted"),
        ),
        rx.cond(JobsState.more, older),
        title="Ended",
        aside=choice,
    )
