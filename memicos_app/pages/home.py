"""The home page."""

from __future__ import annotations

import reflex as rx

from memicos_app.components.layout import page


@rx.page(route="/", title="MemicOS")
def home() -> rx.Component:
    return page(rx.el.h1("MemicOS", class_name="title"))
