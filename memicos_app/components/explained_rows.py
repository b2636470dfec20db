"""Explanations of many features as rows: which feature, what it means, who says so and when, how it scored."""

from __future__ import annotations

from typing import TypedDict

import reflex as rx

from memicos_app.components.explanation_lines import explanation_line
from memicos_app.components.feature_address import feature_path
from memicos_app.library.explanation_details import Explained


class ExplainedRow(TypedDict):
    """A row ready to be drawn."""

    href: str
    place: str
    text: str
    by: str
    when: str
    scores: str


def explained_row(one: Explained) -> ExplainedRow:
    line = explanation_line(one.explanation)
    return ExplainedRow(
        href=feature_path(one.model_id, one.source_id, one.index),
        place=f"{one.model_id}/{one.source_id}/{one.index}",
        text=line.text,
        by=" · ".join(filter(None, (line.by, line.version and f"prompt {line.version}"))),
        when=f"{one.explanation.created_at:%Y-%m-%d}",
        scores=" · ".join(f"{chip.name} {chip.value}" for chip in line.scores),
    )


def explained_rows(rows: rx.Var[list[ExplainedRow]], words: str) -> rx.Component:
    """The rows as a list; j/k move, Enter opens the feature."""
    return rx.el.ul(rx.foreach(rows, explained_item), aria_label=words, data_list="", class_name="card-rows")


def explained_item(row: rx.Var[ExplainedRow]) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.a(rx.el.bdi(row["text"]), href=row["href"], data_item="", class_name="cover"),
            rx.cond(row["scores"] != "", rx.el.span(row["scores"], class_name="small muted num")),
            class_name="spread explained-words",
        ),
        rx.el.p(
            rx.el.span(row["place"], class_name="mono iso"),
            rx.cond(row["by"] != "", rx.el.span("by ", rx.el.bdi(row["by"]))),
            rx.el.time(row["when"], date_time=row["when"]),
            class_name="row wrap tiny faint",
        ),
        class_name="explained-row",
    )
