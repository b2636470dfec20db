"""What a person made, a line each: lists, vectors, steering runs; their maker says who sees one, and deletes it."""

from __future__ import annotations

from typing import Any, TypedDict
from urllib.parse import quote, urlencode

import reflex as rx

from memicos_app.components.feature_address import feature_path
from memicos_app.components.held import held_select
from memicos_app.components.seen_by import mark
from memicos_app.components.visible_text import one_line
from memicos_app.library.lists.views import LONGEST_NAME, VISIBILITIES, ListView
from memicos_app.library.profiles import RunLine, VectorLine


class MadeRow(TypedDict):
    """A list, a vector or a run in one line."""

    key: str
    title: str
    words: str
    href: str
    when: str
    visibility: str
    mine: bool


def list_row(one: ListView) -> MadeRow:
    count = f"{one.n_entries} feature{'s' * (one.n_entries != 1)}"
    said = " ".join(one.description.split())
    words = f"{count} · {one_line(said, 160)}" if said else count
    return MadeRow(
        key=one.id,
        title=one_line(one.name, LONGEST_NAME),
        words=words,
        href=f"/list/{one.id}",
        when=f"{one.updated_at:%Y-%m-%d}",
        visibility=one.visibility,
        mine=one.mine,
    )


def vector_row(one: VectorLine) -> MadeRow:
    at = one.address
    return MadeRow(
        key=str(at),
        title=one_line(one.label, 200),
        words=f"{at.model_id} · {one.hook_name}",
        href=feature_path(at.model_id, at.source_id, at.index),
        when=f"{one.created_at:%Y-%m-%d}",
        visibility=one.visibility,
        mine=one.mine,
    )


def run_row(one: RunLine) -> MadeRow:
    return MadeRow(
        key=one.id,
        title=one_line(one.prompt, 160) or "A run without a prompt",
        words=f"{one.model_id} · {one_line(one.steered, 160)}",
        href=f"/{quote(one.model_id, safe='')}/steer?{urlencode({'saved': one.id})}",
        when=f"{one.created_at:%Y-%m-%d}",
        visibility=one.visibility,
        mine=one.mine,
    )


def made_row(one: rx.Var[MadeRow], state: type[Any], on_show: Any = None, on_delete: Any = None) -> rx.Component:
    """One thing somebody made; its maker chooses who sees it, where `on_show` does that.

    `state` knows in `doomed` what is about to go, and asks with `ask_delete`.
    """
    seen = rx.cond(one["visibility"] != "public", mark(one["visibility"]))
    return rx.el.li(
        rx.el.div(
            rx.el.a(rx.el.bdi(one["title"]), href=one["href"], data_item="", class_name="strong fc-title"),
            rx.el.span(one["when"], class_name="tiny faint num"),
            class_name="spread",
        ),
        rx.el.div(
            rx.el.span(one["words"], class_name="small muted iso clamp-2 grow"),
            rx.cond(one["mine"], visibility_choice(one, on_show), seen) if on_show else seen,
            *([rx.cond(one["mine"], delete_button(one, state, on_delete))] if on_delete else []),
            class_name="row made-under",
        ),
        key=one["key"],
    )


def visibility_choice(one: rx.Var[MadeRow], on_show: Any) -> rx.Component:
    return held_select(
        *(rx.el.option(name, value=name) for name in VISIBILITIES),
        value=one["visibility"],
        on_change=lambda chosen: on_show(one["key"], chosen),
        aria_label="Who sees " + one["title"].to(str),
        class_name="select small made-seen",
    )


def delete_button(one: rx.Var[MadeRow], state: type[Any], on_delete: Any) -> rx.Component:
    """Asks first: addresses that others have of it end with it."""
    title = one["title"].to(str)
    return rx.cond(
        state.doomed == one["key"],
        rx.fragment(
            rx.el.button(
                "Delete for good",
                type="button",
                aria_label="Delete for good: " + title,
                on_click=on_delete(one["key"]),
                class_name="btn small neg",
            ),
            rx.el.button("Keep", type="button", on_click=state.ask_delete(""), class_name="btn small quiet"),
        ),
        rx.el.button(
            "×",
            type="button",
            title="Delete",
            aria_label="Delete " + title,
            on_click=state.ask_delete(one["key"]),
            class_name="btn quiet small icon",
        ),
    )
