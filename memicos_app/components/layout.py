"""The frame of every page: skip link, nav, main, footer, keyboard."""

from __future__ import annotations

import reflex as rx
from reflex_components_core.el.elements.inline import A

from memicos_app.components.footer import footer
from memicos_app.components.keys import keys
from memicos_app.components.nav import nav
from memicos_app.components.person_state import PersonState


def page(*children: rx.Component, active: str = "", embed: rx.Var[bool] | bool = False) -> rx.Component:
    """A page with nav and footer around `children`; `embed` leaves both out.

    `active` is `browse`, `search`, `steer`, `lists`, `admin` or empty; what belongs to `admin` is shown to
    administrators alone. `rx.page(title=…)` has the title.
    """
    bare = rx.Var.create(embed)
    if active == "admin":
        children = (rx.cond(PersonState.kept_out, for_administrators(), rx.fragment(*children)),)
    return rx.el.div(
        rx.cond(bare, rx.fragment(), rx.fragment(skip_link(), nav(active))),
        rx.el.main(*children, id="main", tab_index=-1, class_name="main"),
        rx.cond(bare, rx.fragment(), footer()),
        keys(),
        class_name=rx.cond(bare, "shell embed", "shell"),
    )


def for_administrators() -> rx.Component:
    """In place of a page's content: whom it is for, and what one can do."""
    return rx.el.div(
        rx.el.h1("For administrators", class_name="title"),
        rx.el.p(
            rx.match(
                PersonState.site_mode,
                ("demo", "This site is a demo that is only read: nothing can be changed here."),
                "Your account is no administrator's. Whoever runs this site can make it one.",
            ),
            class_name="muted",
        ),
        rx.el.p(rx.el.a("Go to the home page", href="/", class_name="btn")),
        role="alert",
        class_name="stack lost",
    )


def skip_link() -> rx.Component:
    """A plain link, which the router leaves alone: the browser moves the focus."""
    return A.create("Skip to the content", href="#main", class_name="skip")


def crumbs(*steps: tuple[rx.Var[str] | str, rx.Var[str] | str]) -> rx.Component:
    """Bread crumbs of (words, address); the last one is where you are and needs no address."""
    parts: list[rx.Component] = []
    for words, href in steps[:-1]:
        parts += [rx.el.a(words, href=href), rx.el.span("›", class_name="sep", aria_hidden="true")]
    parts.append(rx.el.span(steps[-1][0], aria_current="page"))
    return rx.el.nav(*parts, aria_label="Where you are", class_name="crumbs")


def page_head(where: rx.Component, *actions: rx.Component) -> rx.Component:
    """Bread crumbs on the left, verbs on the right."""
    return rx.el.div(where, rx.el.div(*actions, class_name="actions"), class_name="page-head")


def card(
    *children: rx.Component, title: rx.Var[str] | str = "", aside: rx.Component | None = None, class_name: str = ""
) -> rx.Component:
    """A card; `title` makes a head line, `aside` stands at its right end."""
    untitled = isinstance(title, str) and not title
    heading = rx.el.div(rx.el.h2(title), *([aside] if aside else []), class_name="card-head")
    head = [] if untitled else [heading]
    return rx.el.section(*head, *children, class_name=f"card {class_name}".strip())
