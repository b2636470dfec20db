"""Where a search by explanation looks and what it leaves out: a scope, its sources, and filters in a fold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, TypedDict

import reflex as rx

from memicos_app.components.explanations_asked import OPEN, ExplanationsAsked, layers_text
from memicos_app.components.figures import share, value
from memicos_app.components.held import held_select
from memicos_app.components.source_choice import SourceChoice
from memicos_app.library.search_choices import SearchChoices

BOUND_WORDS = {"density": "Fires on, %", "score": "Score", "activation": "Strongest activation"}


class Choice(TypedDict):
    """An entry of a select."""

    value: str
    words: str


class Chip(TypedDict):
    """A filter that is set, and the address without it."""

    words: str
    href: str


class Bound(TypedDict):
    """The two ends of a range as they stand in their fields."""

    name: str
    words: str
    low: str
    high: str


def where_choices(choices: SearchChoices, asked: ExplanationsAsked) -> list[Choice]:
    """Everything, each release, each model; what the address names stands there too."""
    releases = dict.fromkeys([*choices.releases, *filter(None, [asked.release])])
    models = dict(choices.models)
    if asked.model_id and not asked.release:
        models.setdefault(asked.model_id, asked.model_id)
    return [
        Choice(value="all", words="All models"),
        *(Choice(value=f"release:{name}", words=f"Release {name}") for name in releases),
        *(Choice(value=f"model:{name}", words=words) for name, words in models.items()),
    ]


def set_of(choices: SearchChoices, asked: ExplanationsAsked) -> str:
    """The source set whose sources are searched; empty: all of the model's."""
    held = [name for name, sources in choices.sources.items() if set(sources) & set(asked.source_ids)]
    return held[0] if held else ""


def source_choices(choices: SearchChoices, asked: ExplanationsAsked, set_name: str) -> list[SourceChoice]:
    """The layers of the set that is searched."""
    return [
        SourceChoice(id=one, words=one.partition("-")[0], chosen=one in asked.source_ids)
        for one in choices.sources.get(set_name, [])
    ]


def toggled(there: Sequence[str], chosen: Sequence[str], source_id: str) -> tuple[str, ...]:
    """The sources after a click on one: of all of them it alone, else with or without it, and never none."""
    if set(there) <= set(chosen) and len(there) > 1:
        return (source_id,)
    kept = tuple(one for one in there if (one in chosen) != (one == source_id))
    return kept or tuple(there)


def chips(asked: ExplanationsAsked, type_words: dict[str, str]) -> list[Chip]:
    """The filters that are set, each with the address without it."""
    return [Chip(words=words, href=replace(asked, **without).address) for words, without in _set(asked, type_words)]


def _set(asked: ExplanationsAsked, type_words: dict[str, str]) -> Iterator[tuple[str, dict[str, Any]]]:
    named = (("models", "model"), ("sets", "set"), ("explainers", "explained by"))
    for name, words in named:
        if each := getattr(asked, name):
            yield f"{words} {', '.join(each)}", {name: ()}
    if asked.layers:
        yield f"layer {layers_text(asked.layers)}", {"layers": ()}
    if asked.types:
        yield ", ".join(type_words.get(one, one) for one in asked.types), {"types": ()}
    for name, words in (("density", "fires on"), ("score", "score"), ("activation", "strongest")):
        low, high = getattr(asked, name)
        figure = share if name == "density" else value
        if low is not None or high is not None:
            ends = [
                f"from {figure(low)}" if low is not None else "",
                f"to {figure(high)}" if high is not None else "",
            ]
            yield " ".join(filter(None, [words, *ends])), {name: OPEN}


def bounds_shown(asked: ExplanationsAsked) -> list[Bound]:
    return [
        Bound(name=name, words=words, low=_end(asked, name, 0), high=_end(asked, name, 1))
        for name, words in BOUND_WORDS.items()
    ]


def _end(asked: ExplanationsAsked, name: str, side: int) -> str:
    bound = getattr(asked, name)[side]
    return "" if bound is None else f"{bound * (100 if name == 'density' else 1):.6g}"


def chip_list(each: rx.Var[list[Chip]], clear_href: rx.Var[str]) -> rx.Component:
    """Filters that are set; a click takes one back."""
    return rx.cond(
        each.length() > 0,
        rx.el.ul(
            rx.foreach(
                each,
                lambda one: rx.el.li(
                    rx.el.a(
                        rx.el.bdi(one["words"]),
                        rx.el.span("×", aria_hidden="true"),
                        href=one["href"],
                        title="Leave this filter out",
                        prevent_scroll_reset=True,
                        class_name="chip accent",
                    )
                ),
            ),
            rx.el.li(rx.el.a("Clear filters", href=clear_href, prevent_scroll_reset=True, class_name="link small")),
            aria_label="Filters that are set",
            class_name="row wrap chips",
        ),
    )


def choice(
    words: str, each: rx.Var[list[Choice]], chosen: rx.Var[str], on_change: rx.EventHandler, anything: str = ""
) -> rx.Component:
    """A select with its label; `anything` is the entry for no choice."""
    return rx.el.label(
        rx.el.span(words, class_name="label"),
        held_select(
            *([rx.el.option(anything, value="")] if anything else []),
            rx.foreach(each, lambda one: rx.el.option(one["words"], value=one["value"])),
            value=chosen,
            on_change=on_change,
            class_name="select small",
        ),
        class_name="field",
    )


def bound_fields(bounds: rx.Var[list[Bound]], on_change: rx.EventHandler, fields_round: rx.Var[int]) -> rx.Component:
    """From and to of every range."""
    return rx.foreach(
        bounds,
        lambda one: rx.el.fieldset(
            rx.el.legend(one["words"], class_name="label"),
            bound_field(one["name"], "min", one["low"], "from", one["words"], on_change, fields_round),
            bound_field(one["name"], "max", one["high"], "to", one["words"], on_change, fields_round),
            class_name="bounds",
        ),
    )


def bound_field(
    name: rx.Var[str],
    side: str,
    held: rx.Var[str],
    hint: str,
    words: rx.Var[str],
    on_change: rx.EventHandler,
    fields_round: rx.Var[int],
) -> rx.Component:
    return rx.el.input(
        key=f"{name}.{side}.{fields_round}",
        default_value=held,
        placeholder=hint,
        aria_label=f"{words} {hint}",
        input_mode="decimal",
        auto_complete="off",
        on_change=lambda text: on_change(name, side, text).debounce(350),
        class_name="input small",
    )


def layers_field(held: rx.Var[str], on_change: rx.EventHandler, fields_round: rx.Var[int]) -> rx.Component:
    return rx.el.label(
        rx.el.span("Layers", class_name="label"),
        rx.el.input(
            key=fields_round,
            default_value=held,
            placeholder="7, 10-12",
            auto_complete="off",
            on_change=on_change.debounce(350),
            class_name="input small",
        ),
        class_name="field",
    )
