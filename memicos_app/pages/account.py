"""One's own account: name, ways to sign in, API keys, sessions, keys of providers, mails, one's data, leaving."""

from __future__ import annotations

import reflex as rx

from memicos_app.components.account_side import address, data, leaving, notifications, password, places, sessions
from memicos_app.components.account_state import AccountState, KeyRow
from memicos_app.components.copy_button import copy_button
from memicos_app.components.empty import failed, skeleton_rows
from memicos_app.components.layout import card, page
from memicos_app.components.post_form import post_form
from memicos_app.components.provider_rows import provider_card
from memicos_app.components.signing_in import labelled, sign_out
from memicos_app.pages.providers import ProvidersState

STATE = AccountState


@rx.page(route="/account", title="Account · MemicOS", on_load=[AccountState.load, ProvidersState.load])
def account_page() -> rx.Component:
    return page(
        rx.el.div(
            rx.el.h1("Account", class_name="title"),
            rx.cond(STATE.single, rx.fragment(), rx.cond(STATE.loaded, sign_out("btn"))),
            class_name="spread page-head",
        ),
        rx.cond(STATE.problem != "", failed(STATE.problem)),
        rx.cond(
            STATE.loaded,
            rx.el.div(
                rx.el.div(profile(), api_keys(), providers(), class_name="stack"),
                rx.el.div(
                    rx.cond(
                        STATE.single,
                        single(),
                        rx.fragment(address(), password(), places(), sessions(), notifications()),
                    ),
                    data(),
                    rx.cond(STATE.single, rx.fragment(), leaving()),
                    class_name="side",
                ),
                class_name="cols flip account",
            ),
            card(skeleton_rows(6)),
        ),
    )


def profile() -> rx.Component:
    return card(
        post_form(
            labelled(
                "Name",
                "name",
                default_value=STATE.name,
                key="name" + STATE.name,
                required=True,
                max_length=39,
                pattern="[a-zA-Z0-9\\-]+",
                title="Letters, digits and hyphens",
                auto_complete="username",
                spell_check=False,
            ),
            rx.el.label(
                rx.el.span("About you", class_name="label"),
                rx.el.textarea(
                    name="bio", default_value=STATE.bio, key="bio" + STATE.bio, max_length=500, class_name="textarea"
                ),
            ),
            rx.el.p(
                "Everybody sees both on ",
                rx.el.a("your profile", href="/user/" + STATE.name, class_name="link"),
                ".",
                class_name="small muted",
            ),
            rx.el.button("Save", type="submit", class_name="btn primary"),
            action="/api/user/edit",
            done="Saved.",
            on_done=STATE.load,
            class_name="card-body stack",
        ),
        title="Profile",
    )


def api_keys() -> rx.Component:
    return card(
        rx.el.div(
            rx.el.p("For programs that work in your name, in the header x-api-key.", class_name="small muted"),
            rx.el.form(
                rx.el.input(
                    name="name",
                    key=STATE.round.to(str),
                    required=True,
                    max_length=60,
                    placeholder="What it is for",
                    aria_label="Name of a new API key",
                    auto_complete="off",
                    class_name="input grow",
                ),
                rx.el.button("Make a key", type="submit", class_name="btn"),
                on_submit=STATE.make_key,
                class_name="row",
            ),
            rx.cond(STATE.key_problem != "", rx.el.p(STATE.key_problem, class_name="notice rose iso", role="alert")),
            rx.cond(STATE.fresh_key != "", fresh_key()),
            class_name="card-body stack",
        ),
        rx.el.div(rx.foreach(STATE.key_rows, key_line), class_name="card-rows"),
        title="API keys",
    )


def fresh_key() -> rx.Component:
    return rx.el.div(
        rx.el.p("Copy it now: it is not shown again.", class_name="strong"),
        rx.el.div(
            rx.el.code(STATE.fresh_key, class_name="grow iso"),
            copy_button(text=STATE.fresh_key, label="Copy", class_name="btn small"),
            class_name="row",
        ),
        role="status",
        class_name="notice stack fresh-key",
    )


def key_line(row: rx.Var[KeyRow]) -> rx.Component:
    return rx.el.div(
        rx.el.div(
            rx.el.span(row["name"], class_name="strong iso"),
            rx.el.span(" ", row["ending"], class_name="mono muted"),
            rx.el.p(row["facts"], class_name="small muted"),
            class_name="grow",
        ),
        rx.el.button(
            "Revoke",
            type="button",
            on_click=STATE.revoke_key(row["id"]),
            aria_label="Revoke the key " + row["name"].to(str),
            class_name="btn small",
        ),
        key=row["id"],
        class_name="row",
    )


def providers() -> rx.Component:
    """Keys of one's own go before those of the site."""
    return rx.fragment(
        rx.el.h2("Language models", class_name="section"),
        rx.el.p(
            "Your own keys, for explanations that you ask for. They are sealed, and never shown again.",
            class_name="small muted",
        ),
        rx.foreach(ProvidersState.rows, lambda row: provider_card(row, ProvidersState)),
    )


def single() -> rx.Component:
    return card(
        rx.el.p(
            "This site is for one person: nobody signs in. ACCESS=open in .env makes it one for several.",
            class_name="card-body small muted",
        )
    )


def several() -> rx.Component:
    """What makes sense only where people sign in."""
    return rx.fragment(address(), password(), places(), sessions(), notifications())
