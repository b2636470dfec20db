"""What people reported, for administrators: the words, who wrote and who reported them, and what is decided."""

from __future__ import annotations

from typing import Any, TypedDict

import reflex as rx

from memicos_app.components.empty import empty, failed, skeleton_rows
from memicos_app.components.layout import crumbs, page, page_head
from memicos_app.components.rights import declares, needs
from memicos_app.components.visible_text import one_line
from memicos_app.library import reports
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import LibraryError
from memicos_app.library.reports import ReportView

STATES = {"open": "Open", "hidden": "Hidden", "dismissed": "Shown", "deleted": "Deleted", "": "All"}
_SAID = {"open": "", "dismissed": "shown", "hidden": "hidden", "deleted": "deleted"}


class ReportRow(TypedDict):
    """A report as the page shows it."""

    id: str
    kind: str
    words: str
    href: str
    by: str
    reason: str
    reporter: str
    when: str
    state: str
    decided: str


@declares(Right.MANAGE)
class ReportsState(rx.State):
    """Reports in one state."""

    rows: list[ReportRow] = []
    state: str = "open"
    loaded: bool = False
    problem: str = ""
    doomed: str = ""
    """Id of the report whose subject is about to be deleted."""

    @rx.event
    @needs(Right.READ)
    async def load(self) -> None:
        """Read the reports."""
        await self._show()

    async def _show(self) -> None:
        self.doomed, self.problem = "", ""
        try:
            self.rows = [report_row(one) for one in await reports.all_of(self.state)]
        except LibraryError as error:
            self.rows, self.problem = [], error.message
        self.loaded = True

    @rx.event
    async def choose(self, state: str) -> None:
        """Reports in another state."""
        self.state = state if state in STATES else "open"
        await self._show()

    @rx.event
    def ask_delete(self, report_id: str) -> None:
        """Ask whether the thing should go for good; an empty id: it stays."""
        self.doomed = report_id

    @rx.event
    async def decide(self, report_id: str, decision: str) -> Any:
        """Hide it, show it, or delete it."""
        try:
            await reports.decide(report_id, decision)
        except LibraryError as error:
            return rx.toast.error(error.message)
        await self._show()
        return None


def report_row(one: ReportView) -> ReportRow:
    decided = f"{_SAID[one.state]} by {one.decided_by}, {one.decided_at:%Y-%m-%d %H:%M}" if one.decided_at else ""
    return ReportRow(
        id=one.id,
        kind=one.kind,
        words=one_line(" ".join(one.words.split()), 2000),
        href=one.place,
        by=one_line(one.author_name, 60),
        reason=one_line(one.reason, reports.LONGEST_REASON),
        reporter=one_line(one.reporter_name, 60) or "somebody who left",
        when=f"{one.created_at:%Y-%m-%d %H:%M}",
        state=one.state,
        decided=one_line(decided, 200),
    )


@rx.page(route="/admin/reports", title="Reports · MemicOS", on_load=ReportsState.load)
def reports_page() -> rx.Component:
    return page(
        page_head(
            crumbs(("Status", "/admin"), ("Reports", "")),
            rx.el.a("Activity", href="/admin/activity", class_name="btn"),
        ),
        rx.el.h1("Reports", class_name="sr"),
        rx.el.div(*(state_button(name, words) for name, words in STATES.items()), class_name="seg reports-states"),
        rx.cond(ReportsState.problem != "", failed(ReportsState.problem)),
        rx.cond(
            ReportsState.rows.length() > 0,
            rx.el.ul(rx.foreach(ReportsState.rows, report_item), class_name="card card-rows reports"),
            rx.cond(
                ReportsState.loaded,
                rx.cond(ReportsState.problem == "", nothing()),
                rx.el.div(skeleton_rows(6), class_name="card"),
            ),
        ),
        active="admin",
    )


def state_button(name: str, words: str) -> rx.Component:
    return rx.el.button(
        words, type="button", aria_pressed=ReportsState.state == name, on_click=ReportsState.choose(name)
    )


def nothing() -> rx.Component:
    return rx.el.section(
        empty(
            "Nothing to look at",
            "Comments, explanations and lists that somebody reports stand here until they are decided.",
        ),
        class_name="card",
    )


def report_item(one: rx.Var[ReportRow]) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.span(one["kind"], class_name="chip"),
            rx.el.span("by ", rx.el.b(one["by"], class_name="iso")),
            rx.el.a(one["href"], href=one["href"], class_name="link mono iso"),
            rx.el.span(one["when"], class_name="faint"),
            class_name="row wrap small",
        ),
        rx.el.blockquote(one["words"], class_name="iso"),
        rx.el.p(rx.el.b(one["reporter"], class_name="iso"), ": ", rx.el.span(one["reason"], class_name="iso")),
        rx.cond(one["decided"] != "", rx.el.p(one["decided"], class_name="small muted iso")),
        rx.cond(one["state"] != "deleted", verbs(one)),
        key=one["id"],
    )


def verbs(one: rx.Var[ReportRow]) -> rx.Component:
    return rx.el.div(
        rx.cond(one["state"] != "hidden", verb("Hide", "hide", one)),
        rx.cond(one["state"] == "open", verb("Leave it", "restore", one)),
        rx.cond(one["state"] == "hidden", verb("Restore", "restore", one)),
        rx.cond(
            ReportsState.doomed == one["id"],
            rx.fragment(
                verb("Delete for good", "delete", one),
                rx.el.button(
                    "Keep", type="button", on_click=ReportsState.ask_delete(""), class_name="btn small quiet"
                ),
            ),
            rx.el.button(
                "Delete", type="button", on_click=ReportsState.ask_delete(one["id"]), class_name="btn small quiet"
            ),
        ),
        class_name="row wrap",
    )


def verb(words: rx.Var[str] | str, decision: str, one: rx.Var[ReportRow]) -> rx.Component:
    return rx.el.button(
        words, type="button", on_click=ReportsState.decide(one["id"], decision), class_name="btn small"
    )
