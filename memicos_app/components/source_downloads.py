"""The Download menu of a source: pages that open from disk, and the dataset, which a job writes first."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import reflex as rx
from reflex.event import EventSpec

from memicos_app.components.feature_address import source_path
from memicos_app.components.figures import size_words
from memicos_app.components.rights import declares, needs
from memicos_app.library import exports, jobs, ownership
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import LibraryError

SOON = "clearTimeout(window.memicosExport); new Promise((done) => (window.memicosExport = setTimeout(done, 1000)))"
"""The browser waits, one timer a page, so that nothing is asked for a page that was closed."""


@declares(Right.READ)
class DownloadState(rx.State):
    """What of a source can be taken away now."""

    r_model: str = ""
    r_source: str = ""
    may_ask: bool = False
    ready: str = ""
    """Size of the dataset that lies ready; empty: none does."""
    is_old: bool = False
    working: str = ""
    """How far the job is; empty: there is none."""
    problem: str = ""

    @rx.var
    def page_href(self) -> str:
        return f"/api/page{source_path(self.r_model, self.r_source)}"

    @rx.var
    def dataset_href(self) -> str:
        return f"/api/export{source_path(self.r_model, self.r_source)}"

    @rx.event
    def open(self, model: str, source: str) -> EventSpec:
        """The menu of a source opens."""
        if (model, source) != (self.r_model, self.r_source):
            self.reset()
            self.r_model, self.r_source = model, source
        return DownloadState.watch()

    @rx.event
    @needs(Right.MANAGE)
    async def ask(self) -> Any:
        """Have the dataset written, anew where there is one."""
        name = f"{self.r_model}/{self.r_source}"
        try:
            ownership.require_owner()
            arguments = {"model": self.r_model, "source": self.r_source}
            await jobs.ask(exports.KIND, arguments, title=f"Export {name}", subject=name)
        except LibraryError as error:
            return rx.toast.error(error.message)
        return DownloadState.watch()

    @rx.event(background=True, supersedes=True)
    async def watch(self) -> AsyncIterator[EventSpec]:
        """Look what lies ready, and ask again from the browser while the job is open."""
        try:
            found = await jobs.jobs(kind=exports.KIND, subject=f"{self.r_model}/{self.r_source}", limit=1)
            kept = await exports.kept(self.r_model, self.r_source)  # after the job, which may end between the two
        except LibraryError as error:
            async with self:
                self.problem = error.message
            return
        job = found[0] if found else None
        async with self:
            self.may_ask = ownership.may_edit()
            self.ready, self.is_old = (size_words(kept.size), not kept.is_current) if kept else ("", False)
            self.working = _words(job) if job and job.is_open else ""
            self.problem = job.error if job and job.state == "failed" else ""
        if self.working:
            yield rx.call_script(SOON, callback=DownloadState.watch_again)

    @rx.event
    def watch_again(self, _result: Any) -> EventSpec:
        return DownloadState.watch()


def _words(job: jobs.JobView) -> str:
    if job.state == "running" and job.share is not None:
        return f"writing {job.step}, {job.share:.0%}"
    return {"running": "beginning", "waiting": "waiting for its turn", "paused": "paused"}[job.state]


def source_downloads(model: rx.Var[str], source: rx.Var[str], shown: rx.Var[str]) -> rx.Component:
    """The menu; `shown` are the indices on screen, with commas between them."""
    chosen = DownloadState.page_href + "?features=" + shown
    return rx.el.details(
        rx.el.summary("Download", on_click=DownloadState.open(model, source), class_name="btn"),
        rx.el.div(
            _file("This page as HTML", DownloadState.page_href),
            rx.cond(shown != "", _file("Features shown as HTML, zip", chosen)),
            rx.cond(
                DownloadState.ready != "",
                _file("Dataset, public layout, " + DownloadState.ready, DownloadState.dataset_href),
            ),
            rx.cond(
                DownloadState.working != "",
                rx.el.p("Dataset: ", DownloadState.working, role="status", class_name="muted"),
                rx.cond(DownloadState.may_ask, _asking()),
            ),
            rx.cond(DownloadState.problem != "", rx.el.p(DownloadState.problem, class_name="neg wrapped")),
            class_name="pop",
        ),
        class_name="drop",
    )


def _asking() -> rx.Component:
    """The button that has the dataset written."""
    words = rx.cond(
        DownloadState.ready == "",
        "Prepare the dataset, public layout",
        rx.cond(DownloadState.is_old, "Prepare the dataset anew: newer data is here", "Prepare the dataset anew"),
    )
    return rx.el.button(words, type="button", on_click=DownloadState.ask)


def _file(words: rx.Var[str] | str, href: rx.Var[str]) -> rx.Component:
    return rx.el.a(words, href=href, download=True, reload_document=True)
