"""The bar at the top of every page: where you are, jump, theme, and whether inference works."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import reflex as rx
from reflex.event import EventSpec

from memicos_app import worker
from memicos_app.components.jump import JumpState, jump_box
from memicos_app.components.person_menu import person_menu
from memicos_app.components.person_state import PersonState
from memicos_app.components.rights import declares, needs
from memicos_app.library import catalog
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import LibraryError
from memicos_app.settings import get_settings

LATER = "clearTimeout(window.memicosWatch); new Promise((done) => (window.memicosWatch = setTimeout(done, 2000)))"
"""The browser waits, one timer a page, so that nothing is asked for a page that was closed."""
DOTS = {"ready": "dot ok", "starting": "dot busy", "loading": "dot busy", "failed": "dot off"}


@declares(Right.READ)
class NavState(rx.State):
    """What the bar knows: the model that Browse and Steer lead to, and how the worker is."""

    default_model: str = get_settings().model_id
    worker_state: str = ""
    worker_words: str = "Asking the inference worker…"

    @rx.event(background=True, supersedes=True)
    @needs(Right.OPEN)
    async def watch(self) -> AsyncIterator[EventSpec]:
        """Show the worker's state, and ask again from the browser until it is settled.

        In the background, because a worker that is loading answers late and a person's other events go before.
        """
        known = await known_models()
        async with self:
            if known and self.default_model not in known:
                self.default_model = known[0]
                (await self.get_state(JumpState)).home_model = known[0]
        state, words = await worker_state()
        async with self:
            self.worker_state, self.worker_words = state, words
        if state not in ("ready", "failed"):
            yield rx.call_script(LATER, callback=NavState.watch_again)

    @rx.event
    @needs(Right.OPEN)
    def watch_again(self, _result: Any) -> EventSpec:
        return NavState.watch()


async def known_models() -> list[str]:
    """Ids of the models that are here; none where the database does not answer."""
    try:
        return [model.id for model in await catalog.models()]
    except LibraryError:
        return []


async def worker_state() -> tuple[str, str]:
    """State of the inference worker and a sentence about it."""
    now = await worker.status()
    words = {
        "ready": f"Inference is ready: {now.model} on {now.device}",
        "starting": "The inference worker is starting; pages work meanwhile",
        "loading": f"The inference worker is loading {now.model}; pages work meanwhile",
        "failed": f"Inference is down: {now.detail or 'see the status page'}",
    }[now.state]
    return now.state, words


def links(active: str) -> list[rx.Component]:
    """The places of the site; `active` is the word of the one that the page belongs to."""
    places = {
        "Browse": "/" + NavState.default_model,
        "Search": "/search-explanations",
        "Steer": "/" + NavState.default_model + "/steer",
        "Lists": "/user/" + PersonState.person_name + "/lists",
        "Admin": "/admin",
    }
    shown = {
        word: rx.el.a(word, href=href, **({"aria_current": "page"} if word.lower() == active else {}))
        for word, href in places.items()
    }
    shown["Lists"] = rx.cond(PersonState.person_name != "", shown["Lists"])
    shown["Admin"] = rx.cond(PersonState.kept_out, rx.fragment(), shown["Admin"])
    return list(shown.values())


def brand() -> rx.Component:
    return rx.el.a(
        rx.el.img(src="/favicon.svg", alt="", width="17", height="17"),
        rx.el.span("MemicOS", class_name="brand-name"),
        href="/",
        aria_label="MemicOS, home",
        class_name="brand",
    )


def worker_dot() -> rx.Component:
    """A dot that tells by its colour, and in words on hover and to a screen reader, how inference is."""
    parts = (
        rx.el.span(class_name=rx.match(NavState.worker_state, *DOTS.items(), "dot")),
        rx.el.span(NavState.worker_words, class_name="sr"),
    )
    look = {"title": NavState.worker_words, "class_name": "btn quiet icon hide-phone"}
    return rx.cond(
        PersonState.kept_out,
        rx.el.span(*parts, **{**look, "class_name": "icon hide-phone"}),
        rx.el.a(*parts, href="/admin", **look),
    )


def theme_button() -> rx.Component:
    return rx.el.button(
        rx.el.span("◐", aria_hidden="true"),
        type="button",
        title="Light or dark",
        aria_label="Switch between light and dark",
        data_key="d",
        data_key_label="light or dark",
        on_click=rx.toggle_color_mode,
        class_name="btn quiet icon",
    )


def menu(active: str) -> rx.Component:
    """The same places behind one button, on a phone."""
    return rx.el.details(
        rx.el.summary("☰", aria_label="Menu", class_name="btn quiet icon"),
        rx.el.nav(*links(active), aria_label="Main, small screens", class_name="pop"),
        class_name="menu",
    )


def within(part: rx.Component) -> rx.Component:
    """What leads into the site; nothing before the doors of a closed one."""
    return rx.cond(PersonState.outside, rx.fragment(), part)


def nav(active: str) -> rx.Component:
    return rx.el.header(
        rx.el.div(
            brand(),
            within(rx.el.nav(*links(active), aria_label="Main", class_name="nav-links wide")),
            rx.el.div(
                within(jump_box()),
                worker_dot(),
                theme_button(),
                person_menu(),
                within(menu(active)),
                class_name="nav-end",
            ),
            class_name="nav-in",
        ),
        on_mount=NavState.watch,
        class_name="nav",
    )
