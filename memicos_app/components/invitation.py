"""What stands where a visitor could write: the way to sign in, or that this site is only read."""

from __future__ import annotations

import reflex as rx

from memicos_app.components.person_state import PersonState


def invitation(verb: str, *, class_name: str = "card-body small muted") -> rx.Component:
    """`Sign in to comment.`; nothing before it is known who looks."""
    return rx.cond(
        PersonState.can_sign_in,
        rx.el.p(
            rx.el.a("Sign in", href=PersonState.sign_in_href, class_name="link"),
            f" to {verb}.",
            class_name=class_name,
        ),
        rx.cond(
            PersonState.site_mode == "demo",
            rx.el.p("This site is a demo that is only read.", class_name=class_name),
        ),
    )
