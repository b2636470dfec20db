"""The head of a list's page: what it is and whose, who may see it, and the verbs; the fields that change it."""

from __future__ import annotations

from typing import Any

import reflex as rx

from memicos_app.components.copy_button import copy_button
from memicos_app.components.person_state import PersonState
from memicos_app.components.report_dialog import report_button
from memicos_app.components.seen_by import mark
from memicos_app.library.lists.views import LONGEST_DESCRIPTION, LONGEST_NAME, VISIBILITIES

EMBED_DIALOG = "list-embed"
_SEEN_BY = {
    "public": "Public: on your profile and on its features' pages",
    "unlisted": "Unlisted: for whoever has the address",
    "private": "Private: for you alone",
}


def list_head(state: type[Any]) -> rx.Component:
    """Title, description and facts; the owner can open fields in their place."""
    return rx.el.header(
        rx.cond(state.editing & state.mine, words_form(state), words(state)),
        embed_dialog(state),
        class_name="list-head",
    )


def words(state: type[Any]) -> rx.Component:
    return rx.fragment(
        rx.el.h1(state.name, class_name="title iso"),
        rx.cond(state.description != "", rx.el.p(state.description, class_name="muted iso prewrap")),
        rx.el.div(
            rx.el.span("by ", rx.el.a(state.by, href=state.by_href, class_name="link iso")),
            rx.el.span(rx.el.b(state.n_entries), rx.cond(state.n_entries == 1, " feature", " features")),
            rx.el.span("changed ", state.changed),
            rx.cond(state.visibility != "public", mark(state.visibility)),
            rx.cond(state.hidden, rx.el.span("hidden by an administrator", class_name="chip rose")),
            rx.cond(
                PersonState.may_write & ~state.mine, report_button("list", state.rx_id, state.name), rx.fragment()
            ),
            class_name="meta",
        ),
    )


def words_form(state: type[Any]) -> rx.Component:
    return rx.el.form(
        rx.el.label("Name", html_for="list-name", class_name="label"),
        rx.el.input(
            id="list-name",
            name="name",
            auto_focus=True,
            default_value=state.name,
            max_length=LONGEST_NAME,
            required=True,
            class_name="input",
        ),
        rx.el.label("What it is for", html_for="list-description", class_name="label"),
        rx.el.textarea(
            id="list-description",
            name="description",
            default_value=state.description,
            rows=3,
            max_length=LONGEST_DESCRIPTION,
            class_name="textarea",
        ),
        rx.el.label("Who sees it", html_for="list-visibility", class_name="label"),
        rx.el.select(
            *(rx.el.option(_SEEN_BY[one], value=one) for one in VISIBILITIES),
            id="list-visibility",
            name="visibility",
            default_value=state.visibility,
            class_name="select",
        ),
        rx.cond(state.edit_problem != "", rx.el.p(state.edit_problem, role="alert", class_name="field-wrong small")),
        rx.el.div(
            rx.el.button("Keep", type="submit", class_name="btn primary"),
            rx.el.button("Leave as it is", type="button", on_click=state.edit(False), class_name="btn quiet"),
            class_name="row",
        ),
        on_submit=state.keep_words,
        class_name="list-edit",
    )


def list_verbs(state: type[Any]) -> list[rx.Component]:
    """View, share, embed, files, and for the owner edit and delete."""
    return [
        view_switch(state),
        copy_button(text="", label="Share", class_name="btn"),
        rx.el.button(
            "Embed",
            type="button",
            on_click=rx.call_script(f"document.getElementById('{EMBED_DIALOG}').showModal()"),
            class_name="btn hide-phone",
        ),
        rx.el.details(
            rx.el.summary("Download", class_name="btn"),
            rx.el.div(
                rx.el.button("JSON, with everything", type="button", on_click=state.download("json")),
                rx.el.button("CSV, a line a feature", type="button", on_click=state.download("csv")),
                class_name="pop",
            ),
            class_name="drop hide-phone",
        ),
        rx.cond(
            state.mine,
            rx.fragment(
                rx.el.button("Edit", type="button", data_key="e", on_click=state.edit(True), class_name="btn"),
                rx.cond(
                    state.deleting,
                    rx.fragment(
                        rx.el.button(
                            "Delete for good", type="button", on_click=state.delete_list, class_name="btn neg"
                        ),
                        rx.el.button("Keep", type="button", on_click=state.ask_delete(False), class_name="btn quiet"),
                    ),
                    rx.el.button("Delete", type="button", on_click=state.ask_delete(True), class_name="btn quiet"),
                ),
            ),
        ),
    ]


def view_switch(state: type[Any]) -> rx.Component:
    return rx.el.div(
        rx.el.button("List", type="button", aria_pressed=~state.detail, on_click=state.show_detail(False)),
        rx.el.button(
            "Detail",
            type="button",
            aria_pressed=state.detail,
            data_key="v",
            data_key_label="list or detail",
            on_click=state.show_detail(~state.detail),
        ),
        role="group",
        aria_label="View",
        class_name="seg",
    )


def embed_dialog(state: type[Any]) -> rx.Component:
    return rx.el.dialog(
        rx.el.div(
            rx.el.h2("Embed this list"),
            rx.el.form(rx.el.button("×", aria_label="Close", class_name="btn quiet small icon"), method="dialog"),
            class_name="card-head lined",
        ),
        rx.el.div(
            rx.el.pre(state.embed_html, class_name="code wrapped"),
            rx.el.div(
                copy_button(text=state.embed_html, label="Copy iframe", class_name="btn primary"),
                rx.el.a("Open", href=state.embed_address, target="_blank", rel="noopener", class_name="btn quiet"),
                class_name="row wrap",
            ),
            class_name="card-body embed-body",
        ),
        id=EMBED_DIALOG,
        aria_label="Embed this list",
        class_name="dialog",
    )
