"""Two distributions drawn over each other: the first as filled bars, the second as a line, both as shares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import reflex as rx

from memicos_app.components.charts import GAP, HEIGHT, WIDTH, hover_words, outline
from memicos_app.components.figures import share, value
from memicos_app.library.source_comparison import Overlaid

NAMES = {"density": "How often features fire", "max_activation": "How strongly"}


@dataclass(frozen=True, slots=True)
class OverlayShown:
    """A drawing of both, and what each place says on hover."""

    title: str = ""
    bars: str = ""
    line: str = ""
    words: list[str] = field(default_factory=list)
    low: str = ""
    middle: str = ""
    high: str = ""


def overlay(both: Overlaid) -> OverlayShown:
    """`both` as outlines; the tallest bar of either has the full height."""
    figure = share if both.name == "density" else value
    tallest = max(max(both.first), max(both.second)) or 1.0
    ends = list(zip(both.edges, both.edges[1:], strict=False))
    return OverlayShown(
        title=NAMES.get(both.name, both.name),
        bars="".join(outline(place, len(both.first), tall / tallest) for place, tall in enumerate(both.first)),
        line=stairs([tall / tallest for tall in both.second]),
        words=[
            f"{figure(low)} – {figure(high)}: A {share(one)}, B {share(other)}"
            for (low, high), one, other in zip(ends, both.first, both.second, strict=True)
        ],
        low=figure(both.edges[0]),
        middle=figure(both.edges[len(both.edges) // 2]),
        high=figure(both.edges[-1]),
    )


def stairs(parts: Sequence[float]) -> str:
    """A line along the tops of bars that are `parts` of the full height."""
    step = WIDTH / len(parts)
    path = f"M{step * GAP / 2:.1f} {HEIGHT}"
    for place, part in enumerate(parts):
        path += f"V{HEIGHT - part * HEIGHT:.1f}H{(place + 1) * step:.1f}"
    return f"{path}V{HEIGHT}"


def overlay_plot(shown: rx.Var[OverlayShown]) -> rx.Component:
    return rx.el.figure(
        rx.el.svg(
            rx.el.svg.path(d=shown.bars, class_name="bar-pos bar-a"),
            rx.el.svg.path(d=shown.line, class_name="line-b"),
            view_box=f"0 0 {WIDTH} {HEIGHT}",
            preserve_aspect_ratio="none",
            role="img",
            aria_label=shown.title,
        ),
        rx.el.div(rx.foreach(shown.words, hover_words), class_name="hist-words", aria_hidden="true"),
        rx.el.figcaption(rx.el.span(shown.low), rx.el.span(shown.middle), rx.el.span(shown.high), class_name="axis"),
        class_name="chart",
    )
