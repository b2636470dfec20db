"""The admin page's list of sources: sets that open, a line a source, and the verbs that make sense for each."""

from __future__ import annotations

from typing import Any

import reflex as rx

from memicos_app.components.admin_rows import SHOWS, ShelfRow, ShelfSet
from memicos_app.components.empty import empty, skeleton_rows
from memicos_app.components.layout import card
from memicos_app.components.seen_by import mark

VERBS = {
    "download": ("Download", "btn small"),
    "finish": ("Finish", "btn small"),
    "re-sync": ("Re-sync", "btn small"),
    "generate": ("Make dashboards", "btn small"),
    "verify": ("Verify", "btn small quiet"),
    "delete": ("Delete", "btn small quiet"),
    "pause": ("Pause", "btn small"),
    "resume": ("Resume", "btn small"),
    "cancel": ("Cancel", "btn small quiet"),
}


def shelf_card(state: Any) -> rx.Component:
    """The list with its filter. `state` has `sets`, `loaded`, `show`, `summary` and the events that rows call."""
    listing = rx.cond(
        state.sets.length() > 0,
        rx.el.div(rx.foreach(state.sets, lambda one: set_block(state, one)), class_name="shelf"),
        nothing(state),
    )
    return card(
        toolbar(state),
        rx.cond(state.loaded, listing, skeleton_rows(6)),
        title="Sources",
        aside=rx.el.span(state.summary, class_name="small faint"),
        class_name="shelf-card",
    )


def toolbar(state: Any) -> rx.Component:
    choices = [
        rx.el.button(
            words,
            type="button",
            on_click=state.choose(name),
            aria_pressed=rx.cond(state.show == name, "true", "false"),
        )
        for name, words in SHOWS.items()
    ]
    return rx.el.div(
        rx.el.div(
            rx.el.input(
                type="search",
                placeholder="Filter by model, set or layer",
                aria_label="Filter sources",
                max_length=200,
                auto_complete="off",
                on_change=state.filter.debounce(220),
                data_key="f",
                data_key_label="filter the list",
                class_name="input small",
            ),
            rx.el.kbd("f", class_name="kbd", aria_hidden="true"),
            class_name="search filter",
        ),
        rx.el.div(*choices, role="group", aria_label="Show", class_name="seg"),
        class_name="shelf-tools",
    )


def nothing(state: Any) -> rx.Component:
    return rx.cond(
        state.narrowed,
        empty("No source fits", "Show all, or filter by fewer letters.", show_all(state)),
        empty(
            "No sources yet",
            "Look through an origin for datasets, add an SAE of your own, or upload batch files.",
            rx.el.a("Add an SAE", href="/admin/add", class_name="btn primary"),
        ),
    )


def show_all(state: Any) -> rx.Component:
    return rx.el.button("Show all", type="button", on_click=state.choose("all"), class_name="btn")


def set_block(state: Any, one: rx.Var[ShelfSet]) -> rx.Component:
    return rx.el.section(
        rx.el.div(
            rx.el.button(
                rx.el.span("▸", aria_hidden="true", class_name="shelf-mark"),
                rx.el.span(rx.el.span(one["model"], class_name="muted"), " / ", one["name"], class_name="strong iso"),
                type="button",
                on_click=state.toggle(one["key"]),
                aria_expanded=rx.cond(one["open"], "true", "false"),
                class_name="shelf-toggle grow",
            ),
            rx.cond(one["busy"] != "", rx.el.span(one["busy"], class_name="chip amber hide-phone")),
            rx.el.span(one["size"], class_name="faint small num hide-phone"),
            rx.el.span(one["words"], class_name="muted small num"),
            rx.el.span(class_name="bar hide-phone", style={"--w": one["share"]}, aria_hidden="true"),
            rx.cond(
                one["away"] > 0,
                rx.el.button(
                    "Download all",
                    type="button",
                    on_click=state.download_all(one["model"], one["name"]),
                    aria_label="Download all of " + one["key"].to(str),
                    class_name="btn small hide-phone",
                ),
            ),
            class_name="shelf-head",
        ),
        rx.cond(
            one["open"],
            rx.el.ul(rx.foreach(one["rows"].to(list[ShelfRow]), lambda each: source_line(state, each))),
        ),
        data_set=one["key"],
    )


def source_line(state: Any, one: rx.Var[ShelfRow]) -> rx.Component:
    name = rx.cond(
        one["href"] != "",
        rx.el.a(one["source"], href=one["href"], class_name="strong link-plain"),
        rx.el.span(one["source"], class_name="strong"),
    )
    return rx.el.li(
        rx.el.div(
            rx.el.div(
                name,
                rx.el.span(one["state"], class_name=one["style"]),
                rx.cond(one["seen"] != "", mark(one["seen"])),
                class_name="row wrap",
            ),
            under(one),
            class_name="shelf-what",
        ),
        rx.el.span(one["features"], class_name="num small"),
        rx.el.span(one["size"], class_name="num small muted hide-phone", title="size at the origin"),
        rx.el.span(one["when"], class_name="num small faint hide-phone", title="imported"),
        rx.el.div(
            rx.foreach(one["verbs"].to(list[str]), lambda verb: verb_button(state, one, verb)),
            class_name="shelf-verbs",
        ),
        data_source=one["key"],
        data_state=one["state"],
    )


def under(one: rx.Var[ShelfRow]) -> rx.Component:
    """What is being done, or what is to know, in a second line."""
    job = rx.el.a(
        rx.el.span(class_name="progress", style={"--w": one["job_share"]}, aria_hidden="true"),
        rx.el.span(one["job_words"], class_name="small muted"),
        href=one["job_href"],
        class_name="shelf-job",
    )
    note = rx.el.span(one["note"], class_name=rx.cond(one["trouble"], "small warn-text iso", "small faint iso"))
    return rx.cond(one["job_words"] != "", job, rx.cond(one["note"] != "", note, rx.fragment()))


def verb_button(state: Any, one: rx.Var[ShelfRow], verb: rx.Var[str]) -> rx.Component:
    words = rx.match(verb, *((name, words) for name, (words, _) in VERBS.items()), verb)
    style = rx.match(verb, *((name, style) for name, (_, style) in VERBS.items()), "btn small")
    return rx.el.button(
        words,
        type="button",
        on_click=state.act(verb, one["model"], one["source"], one["job"]),
        aria_label=words.to(str) + " " + one["key"].to(str),
        class_name=style,
    )
