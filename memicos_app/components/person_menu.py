"""At the right end of the bar: the way in, or the name of who is signed in with what is theirs."""

from __future__ import annotations

import reflex as rx

from memicos_app.components.person_state import PersonState
from memicos_app.components.post_form import post_form


def person_menu() -> rx.Component:
    """Nothing in a site for one, and nothing before it is known who looks."""
    return rx.fragment(
        rx.cond(PersonState.can_sign_in, rx.el.a("Sign in", href=sign_in_here(), class_name="btn small")),
        rx.cond(PersonState.signed_in, menu()),
    )


def sign_in_here() -> rx.Var[str]:
    """The page for signing in, and back to this one."""
    here = "typeof location === 'undefined' ? '/' : location.pathname + location.search"
    return rx.Var(f"('/signin?next=' + encodeURIComponent({here}))").to(str)


def menu() -> rx.Component:
    own = "/user/" + PersonState.person_name
    return rx.el.details(
        rx.el.summary(
            rx.el.span(PersonState.person_name, class_name="clip iso"),
            aria_label="Your account, " + PersonState.person_name,
            class_name="btn quiet small person",
        ),
        rx.el.div(
            rx.el.a("Profile", href=own),
            rx.el.a("Account", href="/account"),
            post_form(rx.el.button("Sign out", type="submit"), action="/api/auth/sign-out"),
            class_name="pop",
        ),
        key="person-menu",
        class_name="menu person-menu",
    )
