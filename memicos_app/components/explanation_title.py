"""The head of a feature: its best explanation as the title, who made it, how often and how strongly it fires."""

from __future__ import annotations

import reflex as rx

from memicos_app.components.feature_display import ExplanationLine, FeatureDisplay, Shown
from memicos_app.components.feature_facts import Fact
from memicos_app.components.layout import card


def explanation_title(feature: Shown[FeatureDisplay]) -> rx.Component:
    """The title of a feature's page with its chips and numbers; a feature without explanation says so."""
    return rx.el.header(
        rx.el.h1(feature.title, class_name="title iso"),
        rx.el.div(
            rx.cond(
                feature.explained,
                made_by(feature.explanations[0]),
                rx.el.span("not explained yet", class_name="chip"),
            ),
            rx.cond(
                feature.dead,
                rx.el.span("never fired on the corpus", class_name="chip amber"),
                rx.fragment(
                    rx.el.span("fires on ", rx.el.b(feature.density), " of tokens"),
                    rx.el.span("max ", rx.el.b(feature.maximum)),
                ),
            ),
            class_name="meta",
        ),
        class_name="feature-title",
    )


def made_by(line: Shown[ExplanationLine]) -> rx.Component:
    """How an explanation was made, by whom, and its scores."""
    return rx.fragment(
        rx.el.span(line.kind, class_name="chip"),
        rx.cond(line.by != "", rx.el.span("by ", rx.el.span(line.by, class_name="iso"))),
        rx.foreach(line.scores, score),
    )


def score(fact: Shown[Fact]) -> rx.Component:
    return rx.el.span(fact.name, " ", rx.el.b(fact.value))


def explanation_list(feature: Shown[FeatureDisplay]) -> rx.Component:
    """Every explanation, for features that have more than the one in the title."""
    return rx.cond(
        feature.explanations.length() > 1,
        card(
            rx.el.ul(rx.foreach(feature.explanations, explanation_item), class_name="card-rows"),
            title="Explanations",
            class_name="explanations",
        ),
    )


def explanation_item(line: Shown[ExplanationLine]) -> rx.Component:
    return rx.el.li(
        rx.el.p(line.text, class_name="iso"),
        rx.el.p(made_by(line), class_name="row wrap tiny muted"),
        rx.cond(line.notes != "", rx.el.p(line.notes, class_name="tiny faint iso")),
    )
