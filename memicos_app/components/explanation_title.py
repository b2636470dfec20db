"""The head of a feature: its best explanation as the title, who made it, how often and how strongly it fires."""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex_components_core.el.elements.inline import A

from memicos_app.components.explanation_lines import ExplanationLine, ScoreChip
from memicos_app.components.feature_display import FeatureDisplay, Shown

PLACE = "explanations"
"""Where on the page all explanations stand."""


def explanation_title(feature: Shown[FeatureDisplay], on_score: Any = None, *verbs: rx.Component) -> rx.Component:
    """The title of a feature's page with its chips and numbers, `verbs` at its right."""
    return rx.el.header(
        rx.el.h1(feature.title, class_name="title iso"),
        *verbs,
        rx.cond(feature.vector != "", about_vector(feature), about(feature, on_score)),
        class_name="feature-title",
    )


def about_vector(feature: Shown[FeatureDisplay]) -> rx.Component:
    """What is known of a vector of somebody's own."""
    return rx.el.div(
        rx.el.span("vector", class_name="chip"),
        rx.el.span("at ", rx.el.b(feature.vector), class_name="iso"),
        class_name="meta",
    )


def about(feature: Shown[FeatureDisplay], on_score: Any) -> rx.Component:
    """Who explained it, and how often and how strongly it fires."""
    return rx.el.div(
        rx.cond(
            feature.explained,
            made_by(feature.explanations[0], on_score),
            rx.el.span("not explained yet", class_name="chip"),
        ),
        rx.cond(
            feature.explanations.length() > 1,
            A.create(feature.explanations.length(), " explanations", href=f"#{PLACE}", class_name="link"),
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
    )


def made_by(line: Shown[ExplanationLine], on_score: Any = None) -> rx.Component:
    """How an explanation was made, by whom, and its scores; `on_score` opens the details of one."""
    return rx.fragment(
        rx.cond(
            line.kind_href != "",
            rx.el.a(line.kind, href=line.kind_href, title="How this was made", class_name="chip"),
        ),
        rx.cond(line.by != "", rx.el.span("by ", rx.el.span(line.by, class_name="iso"))),
        rx.cond(line.version != "", rx.el.span("prompt ", line.version)),
        rx.foreach(line.scores, lambda one: score(one, on_score)),
    )


def score(one: Shown[ScoreChip], on_score: Any = None) -> rx.Component:
    """A score's name and value; a button where there are details to see."""
    shown = rx.el.span(one.name, " ", rx.el.b(one.value), title=one.words)
    if on_score is None:
        return shown
    return rx.cond(
        one.id != "",
        rx.el.button(
            one.name,
            " ",
            rx.el.b(one.value),
            type="button",
            title=one.words,
            aria_haspopup="dialog",
            on_click=on_score(one.id),
            class_name="score",
        ),
        shown,
    )
