"""The frame of a feature's page while the feature is read: every card in its place, so that nothing moves later."""

from __future__ import annotations

import reflex as rx


def feature_skeleton() -> rx.Component:
    """Grey shapes as high as what will stand there."""
    return rx.el.div(
        rx.el.div(block(180, 14), class_name="page-head"),
        block(420, 24),
        rx.el.div(block(260, 14), class_name="meta"),
        rx.el.div(
            rx.el.div(*[placeholder(height) for height in (293, 131, 131, 300)], class_name="side"),
            rx.el.div(*[placeholder(height) for height in (60, 1500)], class_name="stack"),
            class_name="cols feature",
        ),
        aria_busy="true",
        aria_label="The feature is being read",
        class_name="feature-skeleton",
    )


def block(width: int, height: int) -> rx.Component:
    return rx.el.span(class_name="skel", style={"width": f"min({width}px, 80%)", "height": f"{height}px"})


def placeholder(height: int) -> rx.Component:
    return rx.el.div(class_name="card", style={"height": f"{height}px"})
