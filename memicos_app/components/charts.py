"""Histograms as plain SVG: no chart library, drawn at once, every bar tells its value on hover.

`draw` does the arithmetic in Python; `histogram` shows what it made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import reflex as rx

WIDTH = 300
"""Units of the drawing; it is stretched to the width of its card."""
HEIGHT = 64
GAP = 0.14
"""Share of a bar's place that stays empty."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A histogram ready to be shown: outlines of the bars, what each says on hover, the ends of the axis."""

    bars: str = ""
    negative: str = ""
    words: list[str] = field(default_factory=list)
    low: str = ""
    middle: str = ""
    high: str = ""


NO_DRAWING = Drawing()


def draw(
    values: Sequence[float],
    heights: Sequence[float],
    *,
    words: Sequence[str] | None = None,
    axis: tuple[str, str, str] = ("", "", ""),
    signed: bool = False,
) -> Drawing:
    """Bars in a drawing of `WIDTH` x `HEIGHT`; `values[i]` is the centre of bar i, `heights[i]` its count or share.

    `words` are what each bar says on hover, `axis` the texts below its left end, middle and right end. A bar
    that is not empty is at least one unit high, so that rare values stay visible. With `signed`, bars of
    negative values have a colour of their own. Raises `ValueError` when the lengths differ.
    """
    said = (
        list(words) if words else [f"{value:,.4g}: {tall:,.4g}" for value, tall in zip(values, heights, strict=True)]
    )
    outlines = [outline(place, len(values), tall / (max(heights) or 1)) for place, tall in enumerate(heights)]
    below = [signed and value < 0 for value in values]
    sides = list(zip(outlines, below, strict=True))
    return Drawing(
        bars="".join(one for one, is_below in sides if not is_below),
        negative="".join(one for one, is_below in sides if is_below),
        words=said,
        low=axis[0],
        middle=axis[1],
        high=axis[2],
    )


def outline(place: int, places: int, part: float) -> str:
    """Path of one bar that is `part` of the full height; nothing for an empty one."""
    if part <= 0:
        return ""
    step = WIDTH / places
    tall = max(part * HEIGHT, 1)
    return f"M{place * step + step * GAP / 2:.1f} {HEIGHT}v-{tall:.1f}h{step * (1 - GAP):.1f}v{tall:.1f}z"


def histogram(drawing: rx.Var[Drawing], label: rx.Var[str] | str) -> rx.Component:
    """The drawing with its axis; `label` says to a screen reader what it shows."""
    return rx.el.figure(
        rx.el.svg(
            rx.el.svg.path(d=drawing.bars, class_name="bar-pos"),
            rx.el.svg.path(d=drawing.negative, class_name="bar-neg"),
            view_box=f"0 0 {WIDTH} {HEIGHT}",
            preserve_aspect_ratio="none",
            role="img",
            aria_label=label,
        ),
        rx.el.div(rx.foreach(drawing.words, hover_words), class_name="hist-words", aria_hidden="true"),
        rx.el.figcaption(
            rx.el.span(drawing.low), rx.el.span(drawing.middle), rx.el.span(drawing.high), class_name="axis"
        ),
        class_name="chart",
    )


def hover_words(words: rx.Var[str]) -> rx.Component:
    """A place to point at, over one bar, from top to bottom; its words show at the chart's corner."""
    return rx.el.i(rx.el.span(words))
