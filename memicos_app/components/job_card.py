"""The jobs card: what waits and runs, live, and what ended last; for any page of the admin."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import reflex as rx
from reflex.event import EventSpec

from memicos_app.components.empty import failed, skeleton_rows
from memicos_app.components.job_rows import JobRow, job_list, job_row, more_line, obey
from memicos_app.components.layout import card
from memicos_app.components.rights import declares, needs
from memicos_app.library import jobs, ownership
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import LibraryError

LAST = 3
"""How many of those that ended the card shows."""
MOST = 6
"""How many of those that wait or run the card shows."""
_BUSY_MS, _QUIET_MS = 1000, 4000


def later(name: str, milliseconds: int) -> str:
    """Wait in the browser, one timer a `name`, while the page holds something with `data-{name}` and is looked at."""
    return (
        f"clearTimeout(window.memicos_{name}); new Promise((done) => {{ const turn = () => {{"
        f" if (!document.querySelector('[data-{name}]')) return;"
        f" if (document.hidden) window.memicos_{name} = setTimeout(turn, 1000); else done(); }};"
        f" window.memicos_{name} = setTimeout(turn, {milliseconds}); }})"
    )


@declares(Right.READ)
class JobCardState(rx.State):
    """Open jobs and the last that ended."""

    open_rows: list[JobRow] = []
    ended_rows: list[JobRow] = []
    more: int = 0
    loaded: bool = False
    problem: str = ""

    @rx.event(background=True, supersedes=True)
    async def follow(self) -> AsyncIterator[EventSpec]:
        """Read the jobs, and again from the browser for as long as the card is looked at."""
        problem, found, ended, more = "", [], [], 0
        try:
            ownership.require_owner()
            found = [job_row(one) for one in await jobs.open_jobs(MOST)]
            more = await jobs.count_open() - len(found) if len(found) == MOST else 0
            ended = [job_row(one) for one in await jobs.jobs(states=("done", "failed", "cancelled"), limit=LAST)]
        except LibraryError as error:
            problem = error.message
        async with self:
            self.problem, self.loaded = problem, True
            if not problem and (found, ended, more) != (self.open_rows, self.ended_rows, self.more):
                self.open_rows, self.ended_rows, self.more = found, ended, more
        yield rx.call_script(later("jobs", _BUSY_MS if found else _QUIET_MS), callback=JobCardState.again)

    @rx.event
    def again(self, _result: Any) -> EventSpec:
        return JobCardState.follow()

    @rx.event
    @needs(Right.MANAGE)
    async def ask(self, verb: str, job_id: int) -> list[EventSpec]:
        """Pause, resume, cancel or try a job again."""
        said = await obey(verb, job_id)
        return [*([said] if said else []), JobCardState.follow()]


def jobs_card() -> rx.Component:
    """To be put on a page; it reads by itself when it is mounted."""
    state = JobCardState
    nothing = rx.el.p(
        "Nothing is being done. Imports, dashboards and exports run here, also while no page is open.",
        class_name="card-body muted",
    )
    return card(
        rx.cond(state.problem != "", rx.el.div(failed(state.problem), class_name="card-body")),
        rx.cond(
            state.loaded,
            rx.fragment(
                rx.cond(state.open_rows, job_list(state.open_rows, state.ask, "Jobs that wait or run")),
                more_line(state.more),
                rx.cond(state.ended_rows, job_list(state.ended_rows, state.ask, "Jobs that ended last")),
                rx.cond(~(state.open_rows | state.ended_rows) & (state.problem == ""), nothing),
            ),
            skeleton_rows(2),
        ),
        rx.el.span(data_jobs="", hidden=True, on_mount=state.follow),
        title="Jobs",
        aside=rx.el.a("All jobs", href="/admin/jobs", class_name="link small"),
    )
