"""Which sources a search by text looks through: a set, and the layers of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TypedDict

import reflex as rx

from memicos_app.components.held import held_select


class SourceChoice(TypedDict):
    """A source that can be searched; `words` is its layer."""

    id: str
    words: str
    chosen: bool


def offered(
    served: Mapping[str, Sequence[str]], ready: Collection[str], set_name: str, source_ids: Sequence[str]
) -> tuple[str, tuple[str, ...], list[SourceChoice]]:
    """What is searched, and what could be: the set, the sources, and the sources as choices.

    Args:
        served: sources by set; `ready` those that have dashboards here, which are searched where none are named.
        set_name: the one that is asked for; none: the first.
        source_ids: those that are asked for.
    """
    name = set_name or min(served, default="")
    there = served.get(name, [])
    chosen = tuple(source_ids) or tuple(one for one in there if one in ready) or tuple(there)
    choices = [SourceChoice(id=one, words=one.partition("-")[0], chosen=one in chosen) for one in there]
    return name, chosen, choices


def middle(source_ids: Sequence[str], ready: Collection[str]) -> str:
    """The one source that is searched where none is asked for: the middle one of those that have dashboards here."""
    among = [one for one in source_ids if one in ready] or source_ids
    return among[len(among) // 2] if among else ""


def source_choice(
    sets: rx.Var[list[str]],
    set_name: rx.Var[str],
    sources: rx.Var[list[SourceChoice]],
    on_set: rx.EventHandler,
    on_source: rx.EventHandler,
) -> list[rx.Component]:
    """The set, where there are several, and its layers as switches."""
    return [
        rx.cond(
            sets.length() > 1,
            held_select(
                rx.foreach(sets, lambda name: rx.el.option(name, value=name)),
                value=set_name,
                on_change=on_set,
                aria_label="Source set",
                class_name="select small auto",
            ),
        ),
        rx.el.div(
            rx.el.span("Layers", class_name="label"),
            rx.el.div(rx.foreach(sources, lambda one: source_button(one, on_source)), class_name="seg wrap"),
            class_name="row",
        ),
    ]


def source_button(one: rx.Var[SourceChoice], on_source: rx.EventHandler) -> rx.Component:
    return rx.el.button(
        one["words"],
        type="button",
        title=one["id"],
        aria_label="Source " + one["id"],
        aria_pressed=one["chosen"],
        on_click=on_source(one["id"]),
    )
