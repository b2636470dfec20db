"""The ways to sign in as pieces of screen: by link, by password, elsewhere; and the way out."""

from __future__ import annotations

from typing import Any

import reflex as rx

from memicos_app.components.post_form import post_form


def labelled(label: str, name: str, **props: Any) -> rx.Component:
    """A field with its name above it."""
    return rx.el.label(rx.el.span(label, class_name="label"), rx.el.input(name=name, class_name="input", **props))


def next_field(onward: rx.Var[str]) -> rx.Component:
    return rx.el.input(type="hidden", name="next", value=onward, read_only=True)


def by_link(onward: rx.Var[str], mails: rx.Var[bool]) -> rx.Component:
    """An address to send a link to; without mail it is said where the link is."""
    return post_form(
        next_field(onward),
        labelled("E-mail", "email", type="email", required=True, auto_complete="email", max_length=254),
        rx.cond(
            mails,
            rx.el.p("A link comes by mail; it works once.", class_name="small muted"),
            rx.el.p(
                "This site sends no mail: the link is written into its log, where whoever runs it finds it.",
                class_name="small muted",
            ),
        ),
        rx.el.button(
            rx.cond(mails, "Send a link", "Ask for a link"),
            type="submit",
            class_name=rx.cond(mails, "btn primary", "btn"),
        ),
        action="/api/auth/link",
        emptied=False,
        class_name="stack",
        custom_attrs={"aria-label": "Sign in by e-mail"},
    )


def by_password(onward: rx.Var[str], first: rx.Var[bool]) -> rx.Component:
    """Name and password, as password managers know them; `first`: it is the way that most people take."""
    return post_form(
        next_field(onward),
        labelled("Name or e-mail", "name", required=True, auto_complete="username", max_length=320),
        labelled("Password", "password", type="password", required=True, auto_complete="current-password"),
        rx.el.button("Sign in", type="submit", class_name=rx.cond(first, "btn primary", "btn")),
        action="/api/auth/password",
        class_name="stack",
        custom_attrs={"aria-label": "Sign in by password"},
    )


def sign_out(look: str = "btn quiet") -> rx.Component:
    """A button that ends the session and loads the first page."""
    return post_form(
        rx.el.button("Sign out", type="submit", class_name=look), action="/api/auth/sign-out", class_name="bare"
    )
