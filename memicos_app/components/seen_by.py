"""Who sees a thing: a mark beside its name where that is not everybody, and the choice for whoever made it."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import reflex as rx

from memicos_app.components.feature_ways import index_of
from memicos_app.components.person_state import PersonState
from memicos_app.components.rights import declares, needs
from memicos_app.library import publishing
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import LibraryError
from memicos_app.library.publishing import Thing
from memicos_app.library.visibility import VISIBILITIES

MENU = "seen-by"
MEANS = {
    "public": ("Public", "everybody finds it, in lists and searches"),
    "unlisted": ("Unlisted", "whoever has the address opens it; lists and searches leave it out"),
    "private": ("Private", "whoever made it, and administrators"),
}
SHAPES = {
    "public": "M8 1.6a6.4 6.4 0 1 0 0 12.8 6.4 6.4 0 0 0 0-12.8c3.6 3.8 3.6 9 0 12.8-3.6-3.8-3.6-9 0-12.8M1.8 8h12.4",
    "unlisted": "M6.6 9.4 9.4 6.6M7.2 4.4l1.6-1.6a3.1 3.1 0 0 1 4.4 4.4l-1.6 1.6M8.8 11.6l-1.6 1.6"
    "a3.1 3.1 0 0 1-4.4-4.4l1.6-1.6",
    "private": "M3.4 7.2h9.2v6.6H3.4ZM5.2 7V5a2.8 2.8 0 0 1 5.6 0v2",
}
"""Lines of a globe, of links of a chain and of a lock, on 16 by 16."""


@declares(Right.READ)
class SeenBy(rx.State):
    """How far the model, set, source or vector of the address is shown."""

    chosen: str = ""
    """Its own; empty where there is nothing to be shown or not."""
    shown: str = ""
    """With what holds it."""
    what: str = ""
    mine: bool = False
    arrived: str = ""
    _thing: Thing | None = None

    @rx.event
    async def load(self) -> None:
        """Read it for the page that is shown."""
        self.arrived = self.router.url.path
        self.chosen, self.mine, self._thing = "", False, None
        try:
            await self._read()
        except LibraryError:
            return  # the page itself says what is wrong

    async def _read(self) -> None:
        model_id, *more = (unquote(part) for part in self.router.url.path.split("/") if part)
        name, index = more[0] if more else "", index_of(more[1]) if len(more) > 1 else None
        found = await publishing.standing(model_id, name, index)
        if found is None:
            return
        self._thing, self.chosen, self.shown = found.thing, found.visibility, found.shown
        self.what = kind(found.thing)
        self.mine = found.mine and (index is None or found.thing.index is not None)

    @rx.event
    @needs(Right.WRITE)
    async def show(self, visibility: str) -> Any:
        """Let others see it, or not."""
        if self._thing is None:
            return None
        try:
            await publishing.show(self._thing, visibility)
            await self._read()
        except LibraryError as error:
            return rx.toast.error(error.message)
        return None


def kind(thing: Thing) -> str:
    if thing.index is not None:
        return "vector"
    return "source" if thing.source_id else "source set" if thing.set_name else "model"


def seen_by() -> rx.Component:
    """The choice for its maker, where there are others to see it; else the mark, where it is not for everybody."""
    return rx.cond(
        (SeenBy.chosen != "") & (PersonState.site_mode != "single"),
        rx.cond(
            SeenBy.mine & PersonState.may_write, seen_menu(), rx.cond(SeenBy.shown != "public", mark(SeenBy.shown))
        ),
    )


def mark(word: rx.Var[str]) -> rx.Component:
    """The word with its sign."""
    return rx.el.span(sign(word), word, class_name="chip amber seen-mark")


def sign(word: rx.Var[str] | str) -> rx.Component:
    """A globe, a chain or a lock."""
    drawn = [(one, rx.el.svg.path(d=SHAPES[one])) for one in VISIBILITIES]
    shape = rx.match(word, *drawn, rx.fragment()) if isinstance(word, rx.Var) else rx.el.svg.path(d=SHAPES[word])
    return rx.el.svg(shape, view_box="0 0 16 16", aria_hidden="true", class_name="seen-sign")


def seen_menu() -> rx.Component:
    return rx.el.details(
        rx.el.summary(
            sign(SeenBy.shown),
            SeenBy.shown,
            title="Who sees this",
            aria_label="Who sees this " + SeenBy.what.to(str) + ": " + SeenBy.shown.to(str),
            class_name=rx.cond(SeenBy.shown == "public", "chip seen-mark", "chip amber seen-mark"),
        ),
        rx.el.div(
            *(choice(one) for one in VISIBILITIES),
            rx.cond(
                SeenBy.shown != SeenBy.chosen,
                rx.el.p("What holds it is ", SeenBy.shown, ": no more is shown.", class_name="tiny warn-text"),
            ),
            role="group",
            aria_label="Who sees it",
            class_name="pop",
        ),
        id=MENU,
        class_name="drop seen-by",
    )


def choice(name: str) -> rx.Component:
    title, means = MEANS[name]
    return rx.el.button(
        sign(name),
        rx.el.span(rx.el.b(title), rx.el.span(means, class_name="small muted")),
        type="button",
        aria_pressed=SeenBy.chosen == name,
        on_click=[SeenBy.show(name), rx.call_script(f"document.getElementById('{MENU}').open = false")],
    )
