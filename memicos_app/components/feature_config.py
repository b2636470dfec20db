"""What a feature's numbers rest on: the SAE's configuration, how to load it, and how the numbers were made."""

from __future__ import annotations

import reflex as rx
from reflex.vars import ArrayVar

from memicos_app.components.copy_button import copy_button
from memicos_app.components.feature_display import FeatureDisplay, Shown
from memicos_app.components.feature_facts import Fact, FactTable
from memicos_app.components.layout import card


def feature_config(feature: Shown[FeatureDisplay]) -> rx.Component:
    """The SAE's configuration: what says most first, the rest on demand, and a snippet that loads it."""
    return card(
        rx.el.div(
            facts(feature.configuration),
            more_facts(feature.more_configuration),
            rx.el.pre(feature.load_snippet, class_name="code", tab_index=0, aria_label="Python that loads this SAE"),
            class_name="card-body",
        ),
        title="Configuration",
        aside=copy_button(text=feature.load_snippet, label="Copy snippet", class_name="link small"),
        class_name="config",
    )


def numbers_made(feature: Shown[FeatureDisplay]) -> rx.Component:
    """How the numbers of the page were made."""
    return card(
        rx.el.div(
            facts(feature.made_from),
            more_facts(feature.more_made_from),
            rx.el.p(
                "Special tokens and attention sinks do not count: their activation is 0 everywhere here, "
                "in tests of your own text too.",
                class_name="tiny faint",
            ),
            class_name="card-body",
        ),
        title="How these numbers were made",
        class_name="config",
    )


def fact_tables(feature: Shown[FeatureDisplay]) -> rx.Component:
    """Tables that only some datasets have: neurons and heads behind the feature."""
    return rx.foreach(feature.tables, fact_table)


def fact_table(table: Shown[FactTable]) -> rx.Component:
    return card(
        rx.el.div(facts(table.rows), class_name="card-body"),
        title=table.title,
        aside=rx.el.span(table.measure, class_name="small"),
        class_name="config",
    )


def facts(rows: ArrayVar[list[Fact]]) -> rx.Component:
    return rx.el.dl(rx.foreach(rows, fact), class_name="facts-list")


def more_facts(rows: ArrayVar[list[Fact]]) -> rx.Component:
    """What few want to read, behind its number."""
    summary = rx.el.summary(rows.length(), " more", class_name="link small")
    return rx.cond(rows.length() > 0, rx.el.details(summary, facts(rows)))


def fact(row: Shown[Fact]) -> rx.Component:
    return rx.el.div(rx.el.dt(row.name), rx.el.dd(row.value, class_name="iso"))
