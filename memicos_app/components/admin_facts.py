"""The admin page's facts: room on the disk as a bar, versions, and every setting as it is now."""

from __future__ import annotations

from typing import Any, TypedDict

import reflex as rx

from memicos_app.components.figures import size_words
from memicos_app.components.layout import card
from memicos_app.library.installation import Disk, InForce


class Part(TypedDict):
    """A part of the disk; `width` is its share of the whole."""

    name: str
    size: str
    width: str
    shade: str


class SettingRow(TypedDict):
    """A setting in force."""

    name: str
    value: str
    style: str
    description: str


def disk_parts(disk: Disk) -> list[Part]:
    """Our folders, largest first, and what others use."""
    ours = [one for one in disk.folders if one.size > 0]
    rest = max(disk.total - disk.free - sum(one.size for one in ours), 0)
    parts = [
        Part(
            name=one.name,
            size=("" if one.complete else "over ") + size_words(one.size),
            width=f"{one.size / disk.total:.2%}",
            shade=f"{1 - 0.14 * min(place, 5):.2f}",
        )
        for place, one in enumerate(ours)
    ]
    return [*parts, Part(name="other files", size=size_words(rest), width=f"{rest / disk.total:.2%}", shade="0.18")]


def setting_rows(settings: list[InForce]) -> list[SettingRow]:
    return [
        SettingRow(
            name=one.name, value=one.value or "–", style="changed" if one.changed else "", description=one.description
        )
        for one in settings
    ]


def disk_card(parts: rx.Var[list[Part]], free: rx.Var[str]) -> rx.Component:
    return card(
        rx.el.div(
            rx.el.div(
                rx.foreach(parts, lambda one: rx.el.i(style={"--w": one["width"], "--o": one["shade"]})),
                class_name="disk",
                aria_hidden="true",
            ),
            rx.el.dl(
                rx.foreach(
                    parts,
                    lambda one: rx.el.div(rx.el.dt(one["name"]), rx.el.dd(one["size"]), class_name="spread"),
                ),
                class_name="kv facts",
            ),
            class_name="card-body stack tight",
        ),
        title="Disk",
        aside=rx.el.span(free, class_name="small faint"),
    )


def settings_card(rows: rx.Var[list[SettingRow]]) -> rx.Component:
    """All settings, folded; those that differ from their default stand out."""
    return rx.el.section(
        rx.el.details(
            rx.el.summary("Settings in force", class_name="fold"),
            rx.el.dl(rx.foreach(rows, setting_line), class_name="in-force card-body"),
            rx.el.p("Set in .env or the environment; they count from the next start.", class_name="card-foot"),
        ),
        id="settings",
        class_name="card",
    )


def setting_line(one: rx.Var[Any]) -> rx.Component:
    return rx.el.div(
        rx.el.dt(one["name"], class_name="mono"),
        rx.el.dd(rx.el.bdi(one["value"])),
        title=one["description"],
        class_name=one["style"],
    )
