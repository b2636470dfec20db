"""A histogram that narrows a list: drag over its bars, or move its two ends by keyboard."""

from __future__ import annotations

import reflex as rx

from memicos_app.components.browser_files import browser_file


def range_event(low: rx.Var[str], high: rx.Var[str]) -> tuple[rx.Var[str], rx.Var[str]]:
    return low, high


class RangePlot(rx.Component):
    """Bars of all features behind those that are kept; `low` and `high` are the filter's ends, empty where open."""

    library = browser_file(__name__, "range_plot.jsx")
    tag = "RangePlot"

    label: rx.Var[str]
    edges: rx.Var[list[float]]
    every: rx.Var[list[int]]
    kept: rx.Var[list[int]]
    low: rx.Var[str]
    high: rx.Var[str]
    kind: rx.Var[str]
    """`share` of tokens, or `value`."""
    on_range: rx.EventHandler[range_event]  # type: ignore[type-arg, valid-type]


range_plot = RangePlot.create
