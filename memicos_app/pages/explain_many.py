"""The owner's page for explaining many features: what it would take is told before, what it takes while it runs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import reflex as rx
from reflex.event import EventSpec

from memicos_app.components.asking import Way, model_names, ways_to_explain, ways_to_score
from memicos_app.components.checked_fields import only_the_owner
from memicos_app.components.empty import failed
from memicos_app.components.job_card import jobs_card, later
from memicos_app.components.layout import crumbs, page, page_head
from memicos_app.components.rights import declares, needs
from memicos_app.components.volume_form import estimate_card, index_card, runs_card, volume_form
from memicos_app.components.volume_work import (
    BEGIN,
    EXPLAIN,
    FIELDS,
    JUDGE,
    RunRow,
    begin,
    preview,
    run_row,
    subjects,
)
from memicos_app.library import jobs, ownership
from memicos_app.library.accounts.rights import Right
from memicos_app.library.embedders import filling
from memicos_app.library.errors import LibraryError
from memicos_app.library.providers import runs

_BUSY_MS, _QUIET_MS = 2000, 8000


@declares(Right.READ)
class VolumeState(rx.State):
    """What stands in the form, what it would take, and runs with what they took."""

    what: str = EXPLAIN
    """Or `JUDGE`."""
    sources: list[str] = []
    ways: list[Way] = []
    chat_models: list[str] = []
    begin_with: dict[str, str] = {}
    turn: int = 0
    loaded: bool = False
    may_edit: bool = False
    wrong: dict[str, str] = dict.fromkeys(FIELDS, "")
    problem: str = ""
    estimating: bool = False
    facts: list[tuple[str, str]] = []
    question: list[tuple[str, str]] = []
    runs: list[RunRow] = []
    _values: dict[str, str] = {}

    @rx.event(background=True, supersedes=True)
    async def load(self) -> None:
        """An empty form, or one for a source: `?source=model/source`."""
        async with self:
            turn = self.turn + 1
            self.reset()
            self.turn, self.may_edit = turn, ownership.may_edit()
            chosen = self.router.url.query_parameters.get("source", "")
            self.what = JUDGE if self.router.url.query_parameters.get("what") == JUDGE else EXPLAIN
        if not self.may_edit:
            return
        problem, found, names = "", [], []
        try:
            found, names = await subjects(), await model_names()
        except LibraryError as error:
            problem = error.message
        async with self:
            self.sources, self.ways, self.chat_models, self.problem = found, self._ways(), names, problem
            subject = chosen if chosen in found else next(iter(found), "")
            self.begin_with = {**dict.fromkeys(FIELDS, ""), **BEGIN}
            self.begin_with |= {"subject": subject, "type": self.ways[0]["name"], "explainer": next(iter(names), "")}
            self._values, self.loaded = dict(self.begin_with), True
        await self._estimate(untouched=True)

    def _ways(self) -> list[Way]:
        return ways_to_score() if self.what == JUDGE else ways_to_explain()

    @rx.var
    def asks(self) -> bool:
        """Whether the chosen way needs a language model."""
        return next((one["asks"] for one in self.ways if one["name"] == self.begin_with.get("type")), True)

    @rx.event(background=True, supersedes=True)
    @needs(Right.MANAGE)
    async def choose(self, what: str) -> None:
        """Explain features, or judge explanations."""
        async with self:
            self.what = JUDGE if what == JUDGE else EXPLAIN
            self.ways = self._ways()
            first = self.ways[0]["name"]
            self.begin_with["type"] = self._values["type"] = first
            if not ownership.may_edit():
                return
        await self._estimate()

    @rx.event
    @needs(Right.MANAGE)
    async def typed(self, name: str, value: Any) -> EventSpec | None:
        """What the form asks for now is kept, then checked and estimated; only that gives way to what is newer."""
        if name not in FIELDS or not ownership.may_edit():
            return None
        self._values[name] = "yes" if value is True else "" if value is False else str(value)
        self.begin_with[name] = self._values[name] if name in ("subject", "type") else self.begin_with[name]
        return VolumeState.estimate()

    @rx.event(background=True, supersedes=True)
    @needs(Right.MANAGE)
    async def estimate(self) -> None:
        """Say what the form would take."""
        await self._estimate()

    async def _estimate(self, *, untouched: bool = False) -> None:
        """`untouched`: nobody typed anything yet, so nobody has done anything wrong.

        What was found for other words than the form holds by now is dropped, however late it comes.
        """
        async with self:
            values, what, self.estimating = dict(self._values), self.what, True
        wrong, facts, question, problem = dict.fromkeys(FIELDS, ""), [], [], ""
        try:
            found = await preview(values, what)
            facts, question = found.facts, found.question
        except LibraryError as error:
            if error.field in FIELDS:
                wrong[error.field] = "" if untouched else error.message.removeprefix(f"{error.field}: ")
            else:
                problem = error.message
        async with self:
            if (values, what) != (self._values, self.what):
                return
            self.wrong, self.facts, self.question, self.problem = wrong, facts, question, problem
            self.estimating = False

    @rx.event
    @needs(Right.MANAGE)
    async def send(self, form: dict[str, Any]) -> Any:
        """Ask for the job and go to its page."""
        values = {name: str(form.get(name) or "") for name in FIELDS}
        self.problem = ""
        try:
            ownership.require_owner()
            job = await begin(values, self.what)
        except LibraryError as error:
            self.wrong = dict.fromkeys(FIELDS, "")
            if error.field in FIELDS:
                self.wrong[error.field] = error.message
                return rx.set_focus(f"volume-{error.field}")
            self.problem = error.message
            return None
        return rx.redirect(f"/admin/jobs/{job.id}")

    @rx.event
    @needs(Right.MANAGE)
    async def index(self, form: dict[str, Any]) -> Any:
        """Have a job make vectors of explanations that have none."""
        subject = str(form.get("subject", ""))
        model, _, source = subject.partition("/")
        try:
            ownership.require_owner()
            title = f"Index explanations of {subject}" if subject else filling.ALL_TITLE
            arguments = {"model": model, "source": source}
            job = await jobs.ask("embed", arguments, title=title, subject=subject or filling.ALL)
        except LibraryError as error:
            return rx.toast.error(error.message)
        return rx.redirect(f"/admin/jobs/{job.id}")

    @rx.event(background=True, supersedes=True)
    async def follow(self) -> AsyncIterator[EventSpec]:
        """Read the runs, and again from the browser for as long as the page is looked at."""
        found: list[RunRow] = []
        try:
            ownership.require_owner()
            found = [run_row(one) for one in await runs.runs()]
        except LibraryError:
            return
        async with self:
            if found != self.runs:
                self.runs = found
        busy = any(one["state"] == "open" for one in found)
        yield rx.call_script(later("runs", _BUSY_MS if busy else _QUIET_MS), callback=VolumeState.again)

    @rx.event
    def again(self, _result: Any) -> EventSpec:
        return VolumeState.follow()


@rx.page(route="/admin/explain", title="Explain many · MemicOS", on_load=VolumeState.load)
def explain_many_page() -> rx.Component:
    state = VolumeState
    return page(
        page_head(crumbs(("Admin", "/admin"), ("Explain many", ""))),
        rx.el.h1("Explain and judge many", class_name="title"),
        rx.el.p(
            "A language model explains a source's features, or judges what is said of them, within a budget. Stopped "
            "or killed, it goes on where it was.",
            class_name="meta",
        ),
        rx.cond(state.problem != "", failed(state.problem)),
        rx.cond(
            state.may_edit,
            rx.el.div(
                rx.el.div(volume_form(state), runs_card(state), class_name="stack"),
                rx.el.div(estimate_card(state), index_card(state), jobs_card(), class_name="side"),
                class_name="cols flip",
            ),
            rx.cond(state.is_hydrated, only_the_owner()),
        ),
        active="admin",
    )
