"""A feature's small dashboard: what it means, how often and how strongly it fires, its best examples, its logits.

It knows no page: lists, comparisons and previews give it a `CardShown` and the buttons that belong there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import reflex as rx

from memicos_app.components.feature_address import feature_path
from memicos_app.components.figures import share, value
from memicos_app.components.token_preview import token_preview
from memicos_app.components.token_strip import StripRow, pack, token
from memicos_app.components.visible_text import one_line
from memicos_app.library.feature_cards import CardExample, FeatureCard
from memicos_app.library.quick_lists import FeatureAddress
from memicos_app.library.token_text import readable

BEFORE, AFTER = 12, 14
"""Tokens around the peak of an example."""
LOGITS = 5
MISSING_LOGIT = -10_000.0


class CardLogit(TypedDict):
    """A token that the feature pushes, and how far."""

    token: str
    value: float
    words: str


class CardShown(TypedDict):
    """A card ready to be drawn; without examples and numbers where the feature has no dashboard here."""

    key: str
    place: str
    number: str
    href: str
    title: str
    explained: bool
    kind: str
    note: str
    """What was written about it in the list, where that is not its title."""
    here: bool
    density: str
    strongest: str
    examples: list[StripRow]
    up: list[CardLogit]
    down: list[CardLogit]
    most: float
    """The largest logit: its full tint."""


def shown(address: FeatureAddress, card: FeatureCard | None, note: str = "") -> CardShown:
    """`card` as words; None where the feature has no dashboard here. `note` stands in for a missing explanation."""
    explanation = one_line(card.explanation) if card else ""
    said = one_line(note)
    logits = [*logits_of(card.positive_tokens, card.positive_values)] if card else []
    below = [*logits_of(card.negative_tokens, card.negative_values)] if card else []
    return CardShown(
        key=str(address),
        place=f"{address.model_id}/{address.source_id}",
        number=str(address.index),
        href=feature_path(address.model_id, address.source_id, address.index),
        title=explanation or said or f"Feature {address.index}",
        explained=bool(explanation or said),
        kind=card.explanation_type if card else "",
        note=said if explanation and said != explanation else "",
        here=card is not None,
        density=share(card.density) if card else "",
        strongest=value(card.max_activation) if card else "",
        examples=[example_row(one) for one in card.examples] if card else [],
        up=logits,
        down=below,
        most=max((abs(one["value"]) for one in (*logits, *below)), default=0.0),
    )


def example_row(example: CardExample) -> StripRow:
    """The tokens around the peak of an example."""
    first = max(0, example.peak - BEFORE)
    around = slice(first, example.peak + AFTER + 1)
    return pack(readable(example.tokens[around]), example.values[around], peak=example.peak - first)


def logits_of(tokens: Sequence[str], values: Sequence[float]) -> list[CardLogit]:
    known = [pair for pair in zip(readable(tokens), values, strict=False) if pair[1] != MISSING_LOGIT]
    return [CardLogit(token=text, value=round(logit, 4), words=f"{logit:+.2f}") for text, logit in known[:LOGITS]]


def feature_card(one: rx.Var[CardShown], *actions: rx.Component, extra: rx.Component | None = None) -> rx.Component:
    """The card; `actions` stand at its right, `extra` above its examples."""
    return rx.el.article(
        rx.el.div(card_title(one), rx.el.div(*actions, class_name="row fc-actions"), class_name="fc-head"),
        card_meta(one),
        rx.cond(one["note"] != "", rx.el.p(one["note"], class_name="small muted iso")),
        *([extra] if extra else []),
        card_body(one),
        aria_label=one["title"],
        class_name="feature-card",
    )


def card_body(one: rx.Var[CardShown]) -> rx.Component:
    """Its best examples beside its strongest logits."""
    return rx.cond(
        one["here"],
        rx.el.div(
            rx.el.div(rx.foreach(one["examples"], example_line), class_name="fc-examples"),
            rx.el.div(
                rx.el.div(rx.foreach(one["up"], lambda logit: logit_chip(logit, one["most"])), class_name="fc-side"),
                rx.el.div(
                    rx.foreach(one["down"], lambda logit: logit_chip(logit, one["most"])), class_name="fc-side"
                ),
                class_name="fc-logits",
            ),
            class_name="fc-body",
        ),
        rx.el.p("It has no dashboard here: its source is not imported, or it never fires.", class_name="small faint"),
    )


def card_title(one: rx.Var[CardShown]) -> rx.Component:
    return rx.el.h3(
        rx.el.a(
            rx.el.bdi(one["title"]),
            href=one["href"],
            data_item="",
            class_name=rx.cond(one["explained"], "fc-title", "fc-title faint"),
        )
    )


def card_meta(one: rx.Var[CardShown]) -> rx.Component:
    return rx.el.p(
        rx.el.span(one["place"], "/", rx.el.b(one["number"]), class_name="mono iso"),
        rx.cond(
            one["here"],
            rx.fragment(
                rx.el.span("fires on ", rx.el.b(one["density"])),
                rx.el.span("max ", rx.el.b(one["strongest"])),
            ),
        ),
        rx.cond(one["kind"] != "", rx.el.span(one["kind"], class_name="chip")),
        class_name="fc-meta small muted",
    )


def example_line(row: rx.Var[StripRow]) -> rx.Component:
    return rx.el.div(token_preview(row), class_name="fc-example")


def logit_chip(logit: rx.Var[CardLogit], most: rx.Var[float]) -> rx.Component:
    return rx.el.span(
        token(text=logit["token"], value=logit["value"], max=most, signed=True),
        title=logit["words"],
        class_name="fc-logit",
    )
