"""The line at the foot of every page."""

from __future__ import annotations

from importlib.metadata import version

import reflex as rx

from memicos_app.components.person_state import PersonState


def footer() -> rx.Component:
    return rx.el.footer(
        rx.el.div(
            rx.el.span(f"MemicOS {version('memicos')}"),
            rx.el.span("Apache-2.0"),
            rx.cond(
                PersonState.site_mode == "demo",
                rx.el.span("Read-only demo: nothing is kept", class_name="chip amber"),
            ),
            rx.el.a("API", href="/api-doc"),
            rx.cond(PersonState.kept_out, rx.fragment(), rx.el.a("Status", href="/admin")),
            rx.el.button(
                "Keys ?",
                type="button",
                class_name="hide-phone",
                on_click=rx.call_script("window.dispatchEvent(new Event('memicos:keys'))"),
            ),
            class_name="foot-in",
        ),
        class_name="foot",
    )
