"""What a search by explanation found, as cards: why it was found, how sure that is, and its small dashboard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypedDict
from urllib.parse import urlencode

import reflex as rx

from memicos_app.components.explanations_asked import ExplanationsAsked
from memicos_app.components.feature_card import CardShown, card_body, shown
from memicos_app.components.figures import value
from memicos_app.components.visible_text import one_line
from memicos_app.library import quick_lists
from memicos_app.library.explanation_marks import Piece, marked
from memicos_app.library.explanation_search import Found, FoundExplanation, Page
from memicos_app.library.feature_cards import FeatureCard, feature_cards
from memicos_app.library.quick_lists import Entry, FeatureAddress

SHOWN = 4
"""Explanations of one feature."""
EXAMPLES = 3
LONGEST = 400
"""Characters of an explanation."""


class ShownPiece(TypedDict):
    """Part of an explanation; marked where it holds a word of the query."""

    text: str
    marked: bool


class FoundLine(TypedDict):
    """An explanation that a feature was found by."""

    pieces: list[ShownPiece]
    kind: str
    by: str
    score: str
    near: str
    """Cosine to the query."""
    like_href: str


class ResultCard(TypedDict):
    """A feature that was found."""

    card: CardShown
    first: FoundLine
    others: list[FoundLine]
    more: str
    """How many explanations of it are not shown, in words."""
    dead: bool


async def results_of(page: Page, asked: ExplanationsAsked) -> list[ResultCard]:
    """The results of a page as they are drawn, with their dashboards and with the words that were found marked."""
    each = [one for found in page.results for one in found.explanations[:SHOWN]]
    cards = await feature_cards(
        (FeatureAddress(one.model_id, one.source_id, one.index) for one in page.results), examples=EXAMPLES
    )
    shown_words = [one_line(one.description, LONGEST) for one in each]
    by_words = [text for text, one in zip(shown_words, each, strict=True) if one.words]
    marks = iter(await marked(asked.query, by_words) if asked.query and by_words else [])
    pieces = iter(
        [
            next(marks, [Piece(text)]) if one.words else [Piece(text)]
            for text, one in zip(shown_words, each, strict=True)
        ]
    )
    return [
        result_card(one, cards.get(FeatureAddress(one.model_id, one.source_id, one.index)), pieces, asked)
        for one in page.results
    ]


def result_card(
    found: Found, card: FeatureCard | None, pieces: Iterator[list[Piece]], asked: ExplanationsAsked
) -> ResultCard:
    """A result as it is drawn; `pieces` gives those of its explanations that are shown, in their order."""
    address = FeatureAddress(found.model_id, found.source_id, found.index)
    lines = [found_line(one, next(pieces), asked) for one in found.explanations[:SHOWN]]
    hidden = len(found.explanations) - SHOWN
    return ResultCard(
        card=shown(address, card, found.explanations[0].description),
        first=lines[0],
        others=lines[1:],
        more=f"and {hidden} more" if hidden > 0 else "",
        dead=found.max_activation <= 0,
    )


def found_line(one: FoundExplanation, pieces: Sequence[Piece], asked: ExplanationsAsked) -> FoundLine:
    return FoundLine(
        pieces=[ShownPiece(text=piece.text, marked=piece.marked) for piece in pieces],
        kind=one.type_name,
        by=one_line(one.explainer or "", 60),
        score="" if one.score is None else value(one.score),
        near="" if one.similarity is None else f"{one.similarity:.2f}",
        like_href=asked.alike(one.id).address,
    )


def as_list(name: str, rows: Sequence[ResultCard]) -> str:
    """The address of the features as a list, as many as a list holds; empty without any."""
    entries = [Entry(FeatureAddress.of(one["card"]["key"])) for one in rows[: quick_lists.MOST]]
    return f"/quick-list?{urlencode({'name': name, 'features': quick_lists.written(entries)})}" if entries else ""


def result_item(one: rx.Var[ResultCard]) -> rx.Component:
    """A feature with the explanations it was found by above its dashboard."""
    card = one["card"]
    return rx.el.li(
        rx.el.article(
            rx.el.div(
                rx.el.h3(rx.el.a(words_of(one["first"]), href=card["href"], data_item="", class_name="fc-title")),
                like_link(one["first"], "btn quiet small"),
                class_name="fc-head",
            ),
            rx.el.p(
                rx.el.span(card["place"], "/", rx.el.b(card["number"]), class_name="mono iso"),
                rx.cond(card["here"], rx.el.span("fires on ", rx.el.b(card["density"]))),
                rx.cond(card["here"], rx.el.span("max ", rx.el.b(card["strongest"]))),
                told_of(one["first"]),
                class_name="fc-meta small muted",
            ),
            rx.cond(
                one["others"].length() > 0,
                rx.el.ul(
                    rx.foreach(one["others"], other_line),
                    rx.cond(one["more"] != "", rx.el.li(one["more"], class_name="tiny faint")),
                    aria_label="More explanations of it",
                    class_name="found-others",
                ),
            ),
            card_body(card),
            aria_label=card["title"],
            class_name="feature-card",
        )
    )


def words_of(line: rx.Var[FoundLine]) -> rx.Component:
    """The explanation, with the words that were found marked."""
    return rx.el.bdi(
        rx.foreach(line["pieces"], lambda one: rx.cond(one["marked"], rx.el.mark(one["text"]), one["text"]))
    )


def told_of(line: rx.Var[FoundLine]) -> rx.Component:
    """How an explanation was made, its score, and how near it is."""
    return rx.fragment(
        rx.cond(line["score"] != "", rx.el.span("score ", rx.el.b(line["score"]))),
        rx.cond(line["near"] != "", rx.el.span("cosine ", rx.el.b(line["near"]), title="How near its meaning is")),
        rx.cond(line["kind"] != "", rx.el.span(line["kind"], class_name="chip")),
        rx.cond(line["by"] != "", rx.el.span("by ", rx.el.span(line["by"], class_name="iso"))),
    )


def other_line(line: rx.Var[FoundLine]) -> rx.Component:
    return rx.el.li(
        rx.el.span(words_of(line), class_name="grow"),
        rx.el.span(told_of(line), class_name="row wrap tiny faint"),
        like_link(line, "link tiny"),
        class_name="row",
    )


def like_link(line: rx.Var[FoundLine], look: str) -> rx.Component:
    return rx.el.a(
        "More like this",
        href=line["like_href"],
        title="Features whose explanations mean about the same",
        class_name=look,
    )
