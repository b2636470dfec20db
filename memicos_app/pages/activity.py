"""The log of who changed what, for administrators, narrowed by action, person or thing."""

from __future__ import annotations

from typing import Any, TypedDict

import reflex as rx

from memicos_app.components.empty import failed, skeleton_rows
from memicos_app.components.layout import crumbs, page, page_head
from memicos_app.components.rights import declares, needs
from memicos_app.components.visible_text import one_line
from memicos_app.library import activity
from memicos_app.library.accounts.rights import Right
from memicos_app.library.activity import Line
from memicos_app.library.errors import LibraryError


class ActivityRow(TypedDict):
    """A line of the log."""

    id: int
    when: str
    who: str
    way: str
    action: str
    subject: str
    href: str
    details: str


@declares(Right.MANAGE)
class ActivityState(rx.State):
    """What of the log is shown."""

    rows: list[ActivityRow] = []
    actions: list[str] = []
    action: str = ""
    name: str = ""
    subject: str = ""
    more: bool = False
    loaded: bool = False
    problem: str = ""

    @rx.event
    @needs(Right.READ)
    async def load(self) -> None:
        """Read the newest lines."""
        await self._show()

    async def _show(self) -> None:
        self.rows, self.problem = [], ""
        try:
            self.actions = await activity.actions()
            await self._read(None)
        except LibraryError as error:
            self.problem = error.message
        self.loaded = True

    async def _read(self, before: int | None) -> None:
        found = await activity.lines(action=self.action, name=self.name, subject=self.subject, before=before)
        self.rows = [*self.rows, *map(activity_row, found)]
        self.more = len(found) == activity.PAGE

    @rx.event
    async def narrow(self, form: dict[str, Any]) -> None:
        """Show only some lines."""
        self.action = str(form.get("action", ""))[:100]
        self.name, self.subject = (str(form.get(field, "")).strip()[:200] for field in ("name", "subject"))
        await self._show()

    @rx.event
    async def show_more(self) -> Any:
        """Read older lines too."""
        try:
            await self._read(self.rows[-1]["id"] if self.rows else None)
        except LibraryError as error:
            return rx.toast.error(error.message)
        return None


def activity_row(one: Line) -> ActivityRow:
    return ActivityRow(
        id=one.id,
        when=f"{one.at:%Y-%m-%d %H:%M:%S}",
        who=one_line(one.person_name, 60) or "a visitor",
        way=one.way if one.way in ("key", "machine") else "",
        action=one.action,
        subject=one_line(one.subject, 300),
        href=one.subject if one.subject.startswith("/") and not one.subject.startswith("//") else "",
        details=one_line(" · ".join(f"{name} {value}" for name, value in one.details.items()), 300),
    )


@rx.page(route="/admin/activity", title="Activity · MemicOS", on_load=ActivityState.load)
def activity_page() -> rx.Component:
    return page(
        page_head(
            crumbs(("Status", "/admin"), ("Activity", "")),
            rx.el.a("Reports", href="/admin/reports", class_name="btn"),
        ),
        rx.el.h1("Activity", class_name="sr"),
        filters(),
        rx.cond(ActivityState.problem != "", failed(ActivityState.problem)),
        rx.cond(
            ActivityState.loaded,
            rx.cond(ActivityState.problem == "", table()),
            rx.el.div(skeleton_rows(8), class_name="card"),
        ),
        active="admin",
    )


def filters() -> rx.Component:
    return rx.el.form(
        rx.el.select(
            rx.el.option("Every action", value=""),
            rx.foreach(ActivityState.actions, lambda one: rx.el.option(one, value=one)),
            name="action",
            default_value=ActivityState.action,
            aria_label="Action",
            class_name="select",
        ),
        rx.el.input(
            name="name",
            default_value=ActivityState.name,
            placeholder="Person",
            aria_label="Name of a person",
            class_name="input",
        ),
        rx.el.input(
            name="subject",
            default_value=ActivityState.subject,
            placeholder="List, feature, model …",
            aria_label="A part of what it was done to",
            class_name="input grow",
        ),
        rx.el.button("Narrow", type="submit", class_name="btn"),
        on_submit=ActivityState.narrow,
        class_name="activity-filters",
    )


def table() -> rx.Component:
    return rx.fragment(
        rx.el.div(
            rx.el.table(
                rx.el.thead(
                    rx.el.tr(*(rx.el.th(words, scope="col") for words in ("When", "Who", "What", "To what", ""))),
                ),
                rx.el.tbody(rx.foreach(ActivityState.rows, line)),
                class_name="table activity",
            ),
            rx.cond(
                ActivityState.rows.length() == 0, rx.el.p("Nothing of this kind yet.", class_name="card-body muted")
            ),
            class_name="card table-scroll",
        ),
        rx.cond(
            ActivityState.more,
            rx.el.button("Show more", type="button", on_click=ActivityState.show_more, class_name="btn list-more"),
        ),
    )


def line(one: rx.Var[ActivityRow]) -> rx.Component:
    subject = rx.cond(
        one["href"] != "",
        rx.el.a(one["subject"], href=one["href"], class_name="link mono iso"),
        rx.el.span(one["subject"], class_name="mono iso"),
    )
    return rx.el.tr(
        rx.el.td(one["when"], class_name="small muted num"),
        rx.el.td(rx.el.span(one["who"], class_name="iso"), " ", rx.el.span(one["way"], class_name="tiny faint")),
        rx.el.td(one["action"], class_name="mono"),
        rx.el.td(subject),
        rx.el.td(one["details"], class_name="small faint iso"),
        key=one["id"].to(str),
    )
