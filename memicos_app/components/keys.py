"""Keyboard: one listener for the page and the sheet that `?` opens.

Any element takes part: `data_key="t"` on a button, link or field makes `t` press or focus it.
"""

from __future__ import annotations

import reflex as rx

from memicos_app.components.browser_files import browser_file


class Keys(rx.Component):
    """Listens to keys outside fields; keeps nothing in state, so no key goes to the server."""

    library = browser_file(__name__, "keys.jsx")
    tag = "Keys"


def kbd(key: str, **props: object) -> rx.Component:
    """A small key cap; hidden from screen readers, which read the control's own name."""
    return rx.el.kbd(key, class_name="kbd hide-phone", aria_hidden="true", **props)


keys = Keys.create
