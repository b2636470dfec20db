"""The bar at the top of every page: where you are, jump, theme, and whether inference works."""

from __future__ import annotations

import reflex as rx

from memicos_app.settings import get_settings


class NavState(rx.State):
    """What the bar knows: the model that Browse and Steer lead to."""

    default_model: str = get_settings().model_id


def links(active: str) -> list[rx.Component]:
    """The places of the site; `active` is the word of the one that the page belongs to."""
    places = {
        "Browse": "/" + NavState.default_model,
        "Search": "/search-explanations",
        "Steer": "/" + NavState.default_model + "/steer",
        "Admin": "/admin",
    }
    return [
        rx.el.a(word, href=href, **({"aria_current": "page"} if word.lower() == active else {}))
        for word, href in places.items()
    ]


def brand() -> rx.Component:
    return rx.el.a(
        rx.el.img(src="/favicon.svg", alt="", width="17", height="17"),
        rx.el.span("MemicOS"),
        href="/",
        aria_label="MemicOS, home",
        class_name="brand",
    )


def theme_button() -> rx.Component:
    return rx.el.button(
        rx.el.span("◐", aria_hidden="true"),
        type="button",
        title="Light or dark",
        aria_label="Switch between light and dark",
        on_click=rx.toggle_color_mode,
        class_name="btn quiet icon",
    )


def menu(active: str) -> rx.Component:
    """The same places behind one button, on a phone."""
    return rx.el.details(
        rx.el.summary("☰", aria_label="Menu", class_name="btn quiet icon"),
        rx.el.div(*links(active), class_name="pop"),
        class_name="menu",
    )


def nav(active: str) -> rx.Component:
    return rx.el.header(
        rx.el.div(
            brand(),
            rx.el.nav(*links(active), aria_label="Main", class_name="nav-links wide"),
            rx.el.div(theme_button(), menu(active), class_name="nav-end"),
            class_name="nav-in",
        ),
        class_name="nav",
    )
