"""A map asked for on its page, and how far the job is that makes it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, TypedDict

import reflex as rx
from reflex.event import EventSpec

from memicos_app.components.copy import command
from memicos_app.components.job_card import later
from memicos_app.components.job_rows import JobRow, job_list, job_row, obey
from memicos_app.components.layout import card
from memicos_app.components.rights import declares, inside, needs
from memicos_app.library import catalog, jobs, ownership
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import LibraryError
from memicos_app.library.maps import making

WAYS = {"explanations": "what explanations mean", "decoder": "decoder direction"}
_MS = 1000


class Layer(TypedDict):
    """A source that may be on the same map."""

    id: str
    features: str


@declares(Right.READ)
class MapMaking(rx.State):
    """What may be asked for, and the job that was."""

    may_edit: bool = False
    model: str = ""
    source: str = ""
    others: list[Layer] = []
    jobs: list[JobRow] = []
    problem: str = ""
    finished: int = 0
    """Jobs that came to an end while somebody looked on."""
    _open: list[int] = []

    @inside
    async def show(self, model_id: str, source_id: str) -> None:
        """Read what a map of this source may be made with; called by the page."""
        self.reset()
        self.model, self.source, self.may_edit = model_id, source_id, ownership.may_edit()
        self.others = [
            Layer(id=source.id, features=f"{source.n_dashboards:,}")
            for one in await catalog.source_sets(model_id)
            for source in one.sources
            if source.n_dashboards and source.id != source_id
        ]

    @rx.var
    def line(self) -> str:
        """The command that does the same."""
        return f"memicos map {self.model} {self.source}"

    @rx.event
    @needs(Right.MANAGE)
    async def make(self, form: dict[str, Any]) -> EventSpec | None:
        """Ask for the job."""
        chosen = [one["id"] for one in self.others if form.get(f"with-{one['id']}")]
        try:
            ownership.require_owner()
            asked = await making.ask(self.model, [self.source, *chosen], str(form.get("by", "explanations")))
        except LibraryError as error:
            self.problem = error.message
            return None
        self.problem = ""
        self._open = [*self._open, asked.id]
        return MapMaking.follow()

    @rx.event(background=True, supersedes=True)
    async def follow(self) -> AsyncIterator[EventSpec]:
        """Read the jobs that make maps of this source, for as long as one is open and the page is looked at."""
        async with self:
            known, model, source = list(self._open), self.model, self.source
        try:
            ownership.require_owner()
            found = [one for one in await jobs.open_jobs() if one.kind == "map"]
        except LibraryError:
            return
        here = [one for one in found if one.arguments.get("model") == model and source in one.arguments["sources"]]
        failed = []
        ended = [number for number in known if number not in {one.id for one in here}]
        for number in ended:
            one = await jobs.job(number)
            failed += [one] if one.state != "done" else []
        async with self:
            if (self.model, self.source) != (model, source):
                return
            self.jobs = [job_row(one) for one in [*here, *failed]]
            self._open = [one.id for one in here]
            self.finished += len(ended) - len(failed)
            done = len(ended) > len(failed)
        if here:
            yield rx.call_script(later("mapjobs", _MS), callback=MapMaking.again)
        if done:
            yield rx.call_script("document.querySelector('[data-map-made]')?.click()")

    @rx.event
    def again(self, _result: Any) -> EventSpec:
        return MapMaking.follow()

    @rx.event
    @needs(Right.MANAGE)
    async def ask(self, verb: str, job_id: int) -> list[EventSpec]:
        """Pause, resume, cancel or try a job again."""
        said = await obey(verb, job_id)
        self._open = list(dict.fromkeys([*self._open, job_id]))
        return [*([said] if said else []), MapMaking.follow()]


def running_maps() -> rx.Component:
    """The jobs that make maps of this source now; reads by itself when it is mounted."""
    state = MapMaking
    return rx.fragment(
        rx.el.span(data_mapjobs="", hidden=True, on_mount=state.follow),
        rx.cond(state.jobs, card(job_list(state.jobs, state.ask, "Maps being made"), title="Being made")),
    )


def making_form(*, primary: bool = False) -> rx.Component:
    """What decides who is near whom, which layers come too, and the button."""
    state = MapMaking
    return rx.cond(
        state.may_edit,
        rx.el.form(
            rx.el.fieldset(
                rx.el.legend("Near each other is what has the same", class_name="label"),
                *(
                    rx.el.label(
                        rx.el.input(type="radio", name="by", value=way, default_checked=way == "explanations"),
                        words,
                        class_name="switch",
                    )
                    for way, words in WAYS.items()
                ),
                class_name="map-form",
            ),
            rx.cond(
                state.others,
                rx.el.details(
                    rx.el.summary("Other layers on the same map", class_name="small"),
                    rx.el.div(rx.foreach(state.others, layer_box), class_name="map-form layers"),
                ),
            ),
            rx.cond(state.problem != "", rx.el.p(state.problem, role="alert", class_name="small neg")),
            rx.el.button("Make the map", type="submit", class_name="btn primary" if primary else "btn"),
            on_submit=state.make,
            class_name="stack tight map-making",
        ),
        command(state.line),
    )


def layer_box(one: rx.Var[Layer]) -> rx.Component:
    return rx.el.label(
        rx.el.input(type="checkbox", name="with-" + one["id"]),
        rx.el.span(one["id"], class_name="iso"),
        rx.el.span(one["features"], class_name="faint num"),
        class_name="switch",
    )
