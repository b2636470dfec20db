"""The tokens whose logits a feature pushes down and up, tinted by how far."""

from __future__ import annotations

from functools import partial

import reflex as rx
from reflex.vars import ArrayVar

from memicos_app.components.feature_display import FeatureDisplay, LogitRow, Shown
from memicos_app.components.layout import card
from memicos_app.components.token_strip import token


def logit_table(feature: Shown[FeatureDisplay]) -> rx.Component:
    """Two lists side by side; the full tint is the largest value of both."""
    return card(
        rx.el.div(
            logit_list("down", "Negative logits", feature.negative, feature.logit_maximum),
            logit_list("up", "Positive logits", feature.positive, feature.logit_maximum),
            class_name="logits",
        ),
        title="Logits it pushes",
    )


def logit_list(word: str, label: str, rows: ArrayVar[list[LogitRow]], maximum: rx.Var[float]) -> rx.Component:
    return rx.el.div(
        rx.el.h3(word, class_name="label", title=label),
        rx.el.ol(rx.foreach(rows, partial(logit_row, maximum=maximum)), aria_label=label),
        rx.cond(rows.length() == 0, rx.el.p("not stored", class_name="small faint")),
    )


def logit_row(row: Shown[LogitRow], *, maximum: rx.Var[float]) -> rx.Component:
    return rx.el.li(
        token(text=row.token, value=row.value, max=maximum, signed=True),
        rx.el.span(row.text, class_name="num small"),
    )
