"""Features near this one: by decoder direction, and by when they fire."""

from __future__ import annotations

import reflex as rx
from reflex.vars import ArrayVar

from memicos_app.components.feature_display import FeatureDisplay, Related, Shown
from memicos_app.components.layout import card

FIRST = 10


def similar_features(feature: Shown[FeatureDisplay]) -> rx.Component:
    """Closest decoder directions within the source."""
    return related_card("Closest decoder directions", "cosine", feature.similar)


def correlated_features(feature: Shown[FeatureDisplay]) -> rx.Component:
    """Features that fire when this one does."""
    return related_card("Fires together with", "Pearson", feature.correlated)


def related_card(title: str, measure: str, rows: ArrayVar[list[Related]]) -> rx.Component:
    return rx.cond(
        rows.length() > 0,
        card(
            rx.el.ol(rx.foreach(rows[:FIRST], related_row)),
            rx.cond(
                rows.length() > FIRST,
                rx.el.details(
                    rx.el.summary("all ", rows.length(), class_name="link small"),
                    rx.el.ol(rx.foreach(rows[FIRST:], related_row)),
                ),
            ),
            title=title,
            aside=rx.el.span(measure, class_name="small"),
            class_name="related",
        ),
    )


def related_row(row: Shown[Related]) -> rx.Component:
    """One feature: what it means, or its index where nobody has said."""
    return rx.el.li(
        rx.el.a(
            rx.cond(
                row.explanation != "",
                rx.el.span(row.explanation, class_name="clip iso"),
                rx.el.span("feature ", row.index.to_string(), class_name="clip muted"),
            ),
            rx.el.span(row.value, class_name="num muted"),
            href=row.href,
            title=rx.cond(row.detail != "", row.index.to_string() + " · " + row.detail, row.index.to_string()),
        )
    )
