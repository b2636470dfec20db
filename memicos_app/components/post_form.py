"""A form that the browser posts over HTTP, for what a socket cannot do: signing in and out sets a cookie."""

from __future__ import annotations

import reflex as rx

from memicos_app.components.browser_files import browser_file


def nothing_event() -> tuple[()]:
    return ()


class PostForm(rx.Component):
    """Posts its fields as JSON to `action`, goes where the answer says, or says what it says."""

    library = browser_file(__name__, "post_form.jsx")
    tag = "PostForm"

    action: rx.Var[str]
    done: rx.Var[str]
    """Said when it went well and the answer leads nowhere; empty: what the answer says."""
    confirmed: rx.Var[str]
    """A question that is asked before; empty: none."""
    emptied: rx.Var[bool]
    """Whether the fields are emptied when it went well."""
    on_done: rx.EventHandler[nothing_event]  # type: ignore[type-arg, valid-type]


post_form = PostForm.create
