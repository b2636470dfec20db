"""Entries of a list as its page shows them: a row each, with its note and what it does on the list's text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

import reflex as rx

from memicos_app.components.feature_card import CardShown, shown
from memicos_app.components.figures import value
from memicos_app.components.own_row import NOTHING, OwnRow, own_row
from memicos_app.components.reorder import reorder
from memicos_app.components.token_preview import token_preview
from memicos_app.library.feature_cards import FeatureCard
from memicos_app.library.lists.views import LONGEST_NOTE, EntryView
from memicos_app.library.quick_lists import FeatureAddress


class ListRow(TypedDict):
    """A feature of the list."""

    card: CardShown
    note: str
    own: OwnRow
    problem: str


def list_row(entry: EntryView, cards: Mapping[FeatureAddress, FeatureCard]) -> ListRow:
    """`entry` ready to be drawn; its card is missing where the feature has no dashboard here."""
    tested = entry.tested
    return ListRow(
        card=shown(entry.address, cards.get(entry.address)),
        note=entry.note,
        own=own_row(tested.tokens, tested.values) if tested and not tested.problem else NOTHING,
        problem=tested.problem if tested else "",
    )


def strongest(entry: EntryView) -> str:
    return value(entry.tested.strongest) if entry.tested else ""


def list_rows(state: type[Any]) -> rx.Component:
    """All rows; j and k move, Enter opens, and the owner's can be dragged by their handle."""
    return reorder(
        rx.foreach(state.rows, lambda one: list_item(one, state)),
        data_list="",
        aria_label="Features of the list",
        on_move=state.move,
        class_name="card card-rows list-rows",
    )


def list_item(one: rx.Var[ListRow], state: type[Any]) -> rx.Component:
    card = one["card"]
    return rx.el.li(
        rx.cond(state.mine, handle(card)),
        rx.el.div(title(card), note(one, state), class_name="list-words"),
        rx.el.div(strip(one), class_name="list-strip"),
        rx.cond(
            state.mine,
            rx.el.button(
                "×",
                type="button",
                title="Remove from the list",
                aria_label="Remove " + card["title"].to(str),
                on_click=state.remove(card["key"]),
                class_name="btn quiet small icon",
            ),
        ),
        key=card["key"],
        data_row=card["key"],
        class_name=rx.cond(state.mine, "list-row mine", "list-row"),
    )


def handle(card: rx.Var[CardShown]) -> rx.Component:
    return rx.el.button(
        rx.el.span("⠿", aria_hidden="true"),
        type="button",
        title="Drag, or press ↑ ↓, to move",
        aria_label="Move " + card["title"].to(str) + ": arrow up or down",
        data_handle="",
        class_name="list-handle",
    )


def title(card: rx.Var[CardShown]) -> rx.Component:
    return rx.fragment(
        rx.el.h3(
            rx.el.a(
                rx.el.bdi(card["title"]),
                href=card["href"],
                data_item="",
                class_name=rx.cond(card["explained"], "fc-title", "fc-title faint"),
            )
        ),
        rx.el.p(
            rx.el.span(card["place"], "/", rx.el.b(card["number"]), class_name="mono iso"),
            rx.cond(card["here"], rx.el.span("max ", rx.el.b(card["strongest"]))),
            class_name="fc-meta tiny muted",
        ),
    )


def note(one: rx.Var[ListRow], state: type[Any]) -> rx.Component:
    """What it is in the list for: the owner writes where it stands, and it is kept when the field is left."""
    card = one["card"]
    return rx.cond(
        state.mine,
        rx.el.textarea(
            default_value=one["note"],
            key=card["key"].to(str) + state.round.to(str),
            rows=1,
            max_length=LONGEST_NOTE,
            placeholder="Add a note",
            aria_label="Note on " + card["title"].to(str),
            on_blur=lambda text: state.write_note(card["key"], text),
            class_name="list-note",
        ),
        rx.cond(one["note"] != "", rx.el.p(one["note"], class_name="small muted iso prewrap")),
    )


def strip(one: rx.Var[ListRow]) -> rx.Component:
    """What the feature does on the text; before a test, its strongest example."""
    own, card = one["own"], one["card"]
    return rx.cond(
        one["problem"] != "",
        rx.el.p(one["problem"], class_name="small warn-text iso"),
        rx.cond(
            own["strongest"] != "",
            rx.el.div(
                rx.el.b(own["strongest"], title="Largest activation on the text"),
                token_preview(own["strip"]),
                class_name="fc-own",
            ),
            rx.cond(
                card["here"],
                rx.foreach(card["examples"], lambda row: rx.el.div(token_preview(row), class_name="fc-example")),
                rx.el.p("It has no dashboard here.", class_name="small faint"),
            ),
        ),
    )
