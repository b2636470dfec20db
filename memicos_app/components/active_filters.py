"""The filters of a list that are on, in words, each a link that takes it away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypedDict

import reflex as rx

from memicos_app.components.figures import share, value
from memicos_app.components.list_address import Asked
from memicos_app.components.visible_text import one_line
from memicos_app.library.feature_filters import OPEN, FeatureFilter, Span


class Chip(TypedDict):
    """A filter that is on, and the address of the list without it."""

    words: str
    href: str


def chips(asked: Asked, path: str) -> list[Chip]:
    """One for every part of the filters; the words stand in the list's own box."""
    return [
        Chip(words=words, href=asked.narrowed(rest).address(path)) for words, rest in filters_in_words(asked.filters)
    ]


def filters_in_words(on: FeatureFilter) -> Iterator[tuple[str, FeatureFilter]]:
    """(words, the filters without it)."""
    if not on.density.is_open:
        yield f"fires on {span_in_words(on.density, share)}", replace(on, density=OPEN)
    if not on.max_activation.is_open:
        yield f"max {span_in_words(on.max_activation, value)}", replace(on, max_activation=OPEN)
    if not on.score.is_open:
        words = span_in_words(on.score, lambda end: f"{end:.3g}")
        yield f"{one_line(on.score_type, 40)} {words}", replace(on, score=OPEN, score_type="")
    for name in on.types:
        yield one_line(name, 60), replace(on, types=tuple(one for one in on.types if one != name))
    for name in on.explainers:
        yield f"by {one_line(name, 60)}", replace(on, explainers=tuple(one for one in on.explainers if one != name))
    if on.explained is not None:
        yield ("explained" if on.explained else "not explained"), replace(on, explained=None)
    if on.live is not None:
        yield ("fires" if on.live else "never fired"), replace(on, live=None)


def span_in_words(span: Span, figure: Callable[[float], str]) -> str:
    """`0.1 % to 2 %`, `at least 3`, `at most 5`."""
    if span.low is None and span.high is None:
        return "anything"
    if span.low is None:
        return f"at most {figure(span.high or 0.0)}"
    return f"at least {figure(span.low)}" if span.high is None else f"{figure(span.low)} to {figure(span.high)}"


def active_filters(shown: rx.Var[list[Chip]], clear: rx.Var[str]) -> rx.Component:
    """The row of them; nothing where none is on."""
    return rx.cond(
        shown.length() > 0,
        rx.el.ul(
            rx.foreach(shown, drawn),
            rx.el.li(rx.el.a("Clear all", href=clear, prevent_scroll_reset=True, class_name="link small")),
            aria_label="Filters that are on",
            class_name="active-filters",
        ),
    )


def drawn(one: rx.Var[Chip]) -> rx.Component:
    return rx.el.li(
        rx.el.a(
            rx.el.bdi(one["words"]),
            rx.el.span("×", aria_hidden="true"),
            href=one["href"],
            prevent_scroll_reset=True,
            title="Take this filter away",
            class_name="chip accent",
        )
    )
