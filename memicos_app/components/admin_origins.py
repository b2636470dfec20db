"""The admin page's origins: where datasets can come from, what each was last seen to hold, and a look again."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypedDict
from urllib.parse import urlsplit

import reflex as rx

from memicos_app.components.admin_rows import ago, job_words
from memicos_app.components.figures import count, size_words
from memicos_app.components.layout import card
from memicos_app.library.datasets.upstream import OriginStanding
from memicos_app.settings import ROOT


class OriginRow(TypedDict):
    """An origin; `words` say what it held when it was last looked through."""

    name: str
    title: str
    words: str
    problem: str
    remote: bool
    job: str


def origin_row(one: OriginStanding) -> OriginRow:
    """An origin's line."""
    looking = one.job is not None and one.job.is_open
    failed = one.job is not None and one.job.state == "failed"
    return OriginRow(
        name=one.name,
        title=title(one.name),
        words=job_words(one.job) if one.job is not None and looking else held_words(one),
        problem=one.job.error if one.job is not None and failed else "",
        remote=not one.folder,
        job=str(one.job.id) if one.job is not None and looking else "",
    )


def title(name: str) -> str:
    """An origin's name as people would say it: a folder from the project on, a bucket without its options."""
    if "://" in name:
        parts = urlsplit(name)
        return f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/")
    folder = Path(name)
    return str(folder.relative_to(ROOT)) if folder.is_relative_to(ROOT) else name


def held_words(one: OriginStanding) -> str:
    """What it holds, and how old that knowledge is."""
    if one.listed_at is None and not one.folder:
        return "not looked through yet"
    models = f"{count(one.n_models)} model{'' if one.n_models == 1 else 's'}"
    sources = f"{count(one.n_sources)} source{'' if one.n_sources == 1 else 's'}"
    size = f", {size_words(one.n_bytes)}" if one.n_bytes else ""
    seen = f" · seen {ago(one.listed_at)}" if one.listed_at else ""
    return f"{sources} of {models}{size}{seen}" if one.n_sources else f"nothing here yet{seen}"


def origins_card(state: Any) -> rx.Component:
    """`state` has `origins` and the event `look_through`."""
    return card(
        rx.el.ul(rx.foreach(state.origins, lambda one: origin_line(state, one)), class_name="card-rows"),
        title="Origins",
        aside=rx.el.a("Name more", href="/admin#settings", class_name="link small"),
    )


def origin_line(state: Any, one: rx.Var[OriginRow]) -> rx.Component:
    return rx.el.li(
        rx.el.span(one["title"], class_name="strong clip iso", title=one["name"]),
        rx.cond(
            one["job"] != "",
            rx.el.a(one["words"], href="/admin/jobs/" + one["job"].to(str), class_name="small muted link-plain"),
            rx.el.span(one["words"], class_name="small muted"),
        ),
        rx.cond(one["problem"] != "", rx.el.span(one["problem"], class_name="small warn-text iso")),
        rx.cond(
            one["remote"],
            rx.el.button(
                rx.cond(one["job"] != "", "Refreshing…", "Refresh"),
                type="button",
                on_click=state.look_through(one["name"]),
                disabled=one["job"] != "",
                aria_label="Refresh " + one["title"].to(str),
                class_name="btn small",
            ),
        ),
        class_name="origin",
    )
