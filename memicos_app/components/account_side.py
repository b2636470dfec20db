"""The side of the account's page: e-mail, password, accounts elsewhere, sessions, mails, one's data, leaving."""

from __future__ import annotations

from typing import Any

import reflex as rx

from memicos_app.components.account_state import AccountState, PlaceRow, SessionRow
from memicos_app.components.held import held_checkbox
from memicos_app.components.layout import card
from memicos_app.components.post_form import post_form
from memicos_app.components.signing_in import labelled

STATE = AccountState


def current_password() -> rx.Component:
    return rx.cond(
        STATE.has_password,
        labelled("Present password", "current", type="password", auto_complete="current-password", required=True),
    )


def address() -> rx.Component:
    return card(
        post_form(
            labelled(
                "E-mail",
                "email",
                type="email",
                default_value=STATE.email,
                key="email" + STATE.email,
                required=True,
                auto_complete="email",
            ),
            current_password(),
            rx.cond(
                STATE.mails,
                rx.el.p("A link goes to the new address; it is yours once you opened it.", class_name="small muted"),
                rx.el.p("This site sends no mail: the link is written into its log.", class_name="small muted"),
            ),
            rx.el.button("Change", type="submit", class_name="btn"),
            action="/api/user/email",
            class_name="card-body stack",
        ),
        title="E-mail",
    )


def password() -> rx.Component:
    return card(
        post_form(
            current_password(),
            labelled(
                rx.cond(STATE.has_password, "New password", "Password"),
                "password",
                type="password",
                required=True,
                min_length=10,
                auto_complete="new-password",
            ),
            rx.el.p("10 characters or more. Other browsers are signed out.", class_name="small muted"),
            rx.el.button(rx.cond(STATE.has_password, "Change", "Set"), type="submit", class_name="btn"),
            action="/api/user/password",
            done="The password is set.",
            emptied=True,
            on_done=STATE.load,
            class_name="card-body stack",
        ),
        title="Password",
    )


def places() -> rx.Component:
    """Nothing where the settings name no provider."""
    return rx.cond(
        STATE.places,
        card(rx.el.div(rx.foreach(STATE.places, place_line), class_name="card-rows"), title="Signing in elsewhere"),
    )


def place_line(row: rx.Var[PlaceRow]) -> rx.Component:
    return rx.el.div(
        rx.el.div(
            rx.el.span(row["title"], class_name="strong"),
            rx.cond(row["label"] != "", rx.el.p(row["label"], class_name="small muted iso")),
            class_name="grow",
        ),
        rx.cond(
            row["label"] == "",
            rx.el.a("Join", href=row["url"], reload_document=True, class_name="btn small"),
            post_form(
                rx.el.input(type="hidden", name="place", value=row["name"], read_only=True),
                rx.el.button("Part", type="submit", class_name="btn small"),
                action="/api/auth/elsewhere/part",
                on_done=STATE.load,
            ),
        ),
        key=row["name"],
        class_name="row",
    )


def sessions() -> rx.Component:
    return card(
        rx.el.div(rx.foreach(STATE.session_rows, session_line), class_name="card-rows"),
        rx.cond(
            STATE.session_rows.length() > 1,
            rx.el.div(
                rx.el.button(
                    "Sign out everywhere else",
                    type="button",
                    on_click=STATE.end_other_sessions,
                    class_name="btn small",
                ),
                class_name="card-foot",
            ),
        ),
        title="Signed in with",
    )


def session_line(row: rx.Var[SessionRow]) -> rx.Component:
    return rx.el.div(
        rx.el.div(
            rx.el.span(row["browser"], class_name="strong iso"),
            rx.cond(row["current"], rx.el.span("this one", class_name="chip accent")),
            rx.el.p(row["facts"], class_name="small muted"),
            class_name="grow",
        ),
        rx.cond(
            row["current"],
            rx.fragment(),
            rx.el.button(
                "Sign out",
                type="button",
                on_click=STATE.end_session(row["id"]),
                aria_label="Sign out " + row["browser"].to(str),
                class_name="btn small",
            ),
        ),
        key=row["id"],
        class_name="row",
    )


def notifications() -> rx.Component:
    return card(
        rx.el.div(
            switch("Somebody comments on what is mine", STATE.notify_comments, STATE.want_comments),
            switch("A job of mine has ended", STATE.notify_jobs, STATE.want_jobs),
            rx.cond(
                STATE.mails,
                rx.cond(STATE.email == "", rx.el.p("They need an e-mail address.", class_name="small muted")),
                rx.el.p("This site sends no mail.", class_name="small muted"),
            ),
            class_name="card-body stack",
        ),
        title="Mails",
    )


def switch(words: str, value: rx.Var[bool], event: Any) -> rx.Component:
    return rx.el.label(held_checkbox(checked=value, on_change=event), rx.el.span(words), class_name="switch")


def data() -> rx.Component:
    return card(
        rx.el.div(
            rx.el.p("All that is kept of you, as JSON files in a ZIP.", class_name="small muted"),
            rx.el.a("Download my data", href="/api/user/export", download=True, class_name="btn"),
            class_name="card-body stack",
        ),
        title="Your data",
    )


def leaving() -> rx.Component:
    return card(
        rx.el.details(
            rx.el.summary("Delete this account", class_name="link"),
            post_form(
                rx.el.p(
                    "Your lists, bookmarks, comments, votes, vectors, steering runs, tested texts, keys and "
                    "sessions are deleted, for good. Explanations that you wrote and sources that you uploaded stay, "
                    "without your name.",
                    class_name="small",
                ),
                labelled("Your name, to confirm", "name", required=True, auto_complete="off"),
                current_password(),
                rx.el.button("Delete for good", type="submit", class_name="btn danger"),
                action="/api/user/delete",
                class_name="stack",
            ),
            class_name="card-body stack",
        ),
        title="Leaving",
    )
