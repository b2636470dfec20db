"""What the admin page knows and does: sources as they stand, jobs asked for, origins looked through."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import reflex as rx
from reflex.event import EventSpec

from memicos_app.components.admin_origins import OriginRow, origin_row
from memicos_app.components.admin_rows import ShelfSet, shelf
from memicos_app.components.figures import count
from memicos_app.components.rights import declares, needs
from memicos_app.library import jobs, ownership
from memicos_app.library.accounts.rights import Right
from memicos_app.library.datasets import standing, upstream
from memicos_app.library.datasets.origins import configured_origins
from memicos_app.library.datasets.standing import SetStanding
from memicos_app.library.errors import LibraryError

SOON = "clearTimeout(window.memicosShelf); new Promise((done) => (window.memicosShelf = setTimeout(done, 1500)))"
"""The browser waits, one timer a page, so that nothing is asked for a page that was closed."""
KINDS = {"download": "import", "finish": "import", "re-sync": "import", "verify": "verify", "delete": "delete_source"}
TITLES = {
    "download": "Import {}",
    "finish": "Finish the import of {}",
    "re-sync": "Re-sync {}",
    "verify": "Verify {}",
    "delete": "Delete {}",
}


@declares(Right.READ)
class ShelfState(rx.State):
    """The list of sources; it is read anew while something is in work."""

    loaded: bool = False
    sets: list[ShelfSet] = []
    origins: list[OriginRow] = []
    summary: str = ""
    show: str = "all"
    problem: str = ""
    asking: str = ""
    """The source that is about to be deleted, `model/source`."""
    _words: str = ""
    _opened: set[str] = set()
    _sets: list[SetStanding] = []

    @rx.var
    def narrowed(self) -> bool:
        return bool(self._words) or self.show != "all"

    @rx.event(background=True, supersedes=True)
    async def watch(self) -> AsyncIterator[EventSpec]:
        """Read everything, and ask again from the browser while a job is open."""
        try:
            ownership.require_owner()
            offers = await upstream.offers()
            sets, origins = await standing.standings(offers), await upstream.origins(offers)
        except LibraryError as error:
            async with self:
                self.problem, self.loaded = error.message, True
            return
        async with self:
            self.problem = ""
            self._take(sets)
            self.origins = [origin_row(one) for one in origins]
        working = [one.job for each in sets for one in each.sources] + [one.job for one in origins]
        if any(job is not None and job.is_open for job in working):
            yield rx.call_script(SOON, callback=ShelfState.watch_again)

    @rx.event
    def watch_again(self, _result: Any) -> EventSpec:
        return ShelfState.watch()

    @rx.event
    def toggle(self, key: str) -> None:
        """Open a set, or close it."""
        self._opened = self._opened ^ {key}
        self._draw()

    @rx.event
    def choose(self, show: str) -> None:
        """Narrow the list to sources in a state."""
        self.show = show
        self._draw()

    @rx.event
    def filter(self, words: str) -> None:
        """Narrow the list to sources whose names hold the words."""
        self._words = words.strip()
        self._draw()

    @rx.event
    @needs(Right.MANAGE)
    async def act(self, verb: str, model: str, source: str, job: str) -> Any:
        """What a button of a source asks for."""
        if verb == "delete" and not job:
            self.asking = f"{model}/{source}"
            return rx.call_script("document.getElementById('delete-source').showModal()")
        if verb == "generate":
            return rx.redirect(f"/admin/add?model={model}&source={source}")
        try:
            ownership.require_owner()
            if job:
                await _job_verb(verb, job)
            else:
                await self._ask(verb, model, source)
        except LibraryError as error:
            return rx.toast.error(error.message)
        return ShelfState.watch()

    @rx.event
    @needs(Right.MANAGE)
    async def delete(self) -> Any:
        """Delete the source that was asked about."""
        model, _, source = self.asking.partition("/")
        self.asking = ""
        try:
            ownership.require_owner()
            await self._ask("delete", model, source)
        except LibraryError as error:
            return rx.toast.error(error.message)
        return ShelfState.watch()

    @rx.event
    @needs(Right.MANAGE)
    async def download_all(self, model: str, set_name: str) -> Any:
        """Import every source of a set that is not here yet."""
        found = [
            one for each in self._sets if (each.model_id, each.name) == (model, set_name) for one in each.sources
        ]
        wanted = [one for one in found if one.state == "away" and one.origin]
        try:
            ownership.require_owner()
            for one in wanted:
                await self._ask("download", model, one.source_id)
        except LibraryError as error:
            return rx.toast.error(error.message)
        self._opened = self._opened | {f"{model}/{set_name}"}
        return [rx.toast.success(f"{count(len(wanted))} imports are in line"), ShelfState.watch()]

    @rx.event
    @needs(Right.MANAGE)
    async def look_through(self, origin: str) -> Any:
        """List what an origin holds now."""
        try:
            ownership.require_owner()
            if origin in configured_origins():
                title = f"Look through {origin}"
                await jobs.ask(upstream.SURVEY, {"origin": origin}, title=title, subject=origin)
        except LibraryError as error:
            return rx.toast.error(error.message)
        return ShelfState.watch()

    async def _ask(self, verb: str, model: str, source: str) -> None:
        name = f"{model}/{source}"
        known = {(one.model_id, one.source_id): one for each in self._sets for one in each.sources}
        one = known.get((model, source))
        if one is None or verb not in KINDS:
            return
        arguments = {"model": model, "source": source, **({"origin": one.origin} if KINDS[verb] == "import" else {})}
        await jobs.ask(KINDS[verb], arguments, title=TITLES[verb].format(name), subject=name)

    def _take(self, sets: list[SetStanding]) -> None:
        if not self.loaded and len(sets) <= 3:
            self._opened = {f"{one.model_id}/{one.name}" for one in sets}
        self._sets, self.loaded = sets, True
        self._draw()

    def _draw(self) -> None:
        self.sets = shelf(self._sets, self._opened, self._words, self.show)
        total, here = sum(len(one.sources) for one in self._sets), sum(one.n_here for one in self._sets)
        self.summary = f"{count(here)} of {count(total)} here" if total else ""


async def _job_verb(verb: str, job: str) -> None:
    ask = {"pause": jobs.pause, "resume": jobs.resume, "cancel": jobs.cancel}.get(verb)
    if ask is not None and job.isdecimal():
        await ask(int(job))
