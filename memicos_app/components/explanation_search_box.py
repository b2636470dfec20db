"""The head of the search by explanation: the words, the way, the places and the filters. Its page holds the state."""

from __future__ import annotations

from typing import Any

import reflex as rx

from memicos_app.components.explanation_filters import bound_fields, chip_list, choice, layers_field
from memicos_app.components.explanations_asked import LONGEST
from memicos_app.components.held import held_select
from memicos_app.components.source_choice import source_button

WAY_WORDS = {
    "hybrid": ("Both", "By meaning and by words, fused"),
    "meaning": ("Meaning", "Only by what explanations mean"),
    "words": ("Words", "Only by the words in explanations"),
}


def box(state: Any) -> rx.Component:
    """The words, searched while one types, and the way of searching."""
    return rx.el.form(
        rx.el.input(
            key=state.box.to_string(),
            default_value=state.words,
            name="q",
            type="search",
            placeholder="What should a feature mean?",
            aria_label="Words of the explanation",
            auto_focus=True,
            auto_complete="off",
            max_length=LONGEST,
            on_change=state.type.debounce(180),
            data_key="f",
            data_key_label="edit the words",
            class_name="input grow",
        ),
        rx.el.div(
            *[way_button(state, name, *words) for name, words in WAY_WORDS.items()],
            role="group",
            aria_label="How to search",
            class_name="seg",
        ),
        on_submit=state.submit,
        role="search",
        class_name="row wrap search-line",
    )


def way_button(state: Any, name: str, words: str, told: str) -> rx.Component:
    return rx.el.button(
        words, type="button", title=told, aria_pressed=state.way == name, on_click=state.choose_way(name)
    )


def places(state: Any) -> rx.Component:
    """Where to look: everything, a release, a model, or some of its sources."""
    return rx.el.div(
        held_select(
            rx.foreach(state.wheres, lambda one: rx.el.option(one["words"], value=one["value"])),
            value=state.where,
            on_change=state.choose_where,
            aria_label="Where to look",
            class_name="select small auto",
        ),
        rx.cond(
            state.sets.length() > 0,
            held_select(
                rx.el.option("All sources", value=""),
                rx.foreach(state.sets, lambda one: rx.el.option(one["words"], value=one["value"])),
                value=state.set_name,
                on_change=state.choose_set,
                aria_label="Source set",
                class_name="select small auto",
            ),
        ),
        rx.cond(
            state.sources.length() > 0,
            rx.el.div(
                rx.el.span("Layers", class_name="label"),
                rx.el.div(
                    rx.foreach(state.sources, lambda one: source_button(one, state.choose_source)),
                    class_name="seg wrap",
                ),
                class_name="row",
            ),
        ),
        rx.el.button(
            "Filters",
            rx.cond(state.chips.length() > 0, rx.el.span(state.chips.length(), class_name="chip accent")),
            type="button",
            aria_expanded=state.filters_open,
            aria_controls="search-filters",
            on_click=state.fold,
            class_name="btn small",
        ),
        chip_list(state.chips, state.clear_href),
        class_name="row wrap search-places",
    )


def filters(state: Any) -> rx.Component:
    """Everything by which results can be left out."""
    return rx.cond(
        state.filters_open,
        rx.el.div(
            choice("Kind", state.kinds, state.kind, state.choose_kind, "any"),
            choice("Explained by", state.explainers, state.explainer, state.choose_explainer, "anybody"),
            layers_field(state.layers, state.choose_layers, state.fields),
            bound_fields(state.bounds, state.bound, state.fields),
            id="search-filters",
            role="group",
            aria_label="Filters",
            class_name="card search-filters",
        ),
        rx.el.div(id="search-filters"),
    )


def like_line(state: Any) -> rx.Component:
    """Whose like is looked for."""
    return rx.cond(
        state.like != "",
        rx.el.p(
            "Like ",
            rx.el.b("“", rx.el.bdi(state.like), "”"),
            " ",
            rx.el.button("search for words instead", type="button", on_click=state.type(""), class_name="link"),
            class_name="like-line iso",
        ),
    )
