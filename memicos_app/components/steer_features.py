"""The left half of the steer page: the features being steered, each with its slider, and how to add one."""

from __future__ import annotations

from typing import TypedDict

import reflex as rx
from reflex.vars import ArrayVar, ObjectVar, StringVar

from memicos_app.components.layout import card


class SteeredFeature(TypedDict):
    """A feature on the page; strengths are in activation units of its own scale."""

    key: str
    source: str
    feature: int
    label: str
    place: str
    href: str
    strength: float
    least: float
    limit: float
    """The slider runs from `least`, which is -limit, to limit; the box takes more."""
    low: str
    high: str
    """Where the filled part of the slider begins and ends, in per cent of its width."""


class Suggestion(TypedDict):
    """A feature that can be added."""

    source: str
    feature: int
    label: str
    place: str


def slider_marks(strength: float, limit: float) -> tuple[str, str]:
    """Begin and end of the filled part of a slider with its zero in the middle, in per cent."""
    at = 50.0 + 50.0 * max(-1.0, min(1.0, strength / limit if limit else 0.0))
    return f"{min(50.0, at):.2f}%", f"{max(50.0, at):.2f}%"


def feature_row(
    item: ObjectVar[SteeredFeature],
    *,
    on_slide: rx.EventHandler,
    on_type: rx.EventHandler,
    on_remove: rx.EventHandler,
) -> rx.Component:
    """One feature: what it means, a slider with its zero in the middle, a number box, remove."""
    return rx.el.div(
        rx.el.div(
            rx.el.a(
                rx.el.span(item["label"], class_name="iso"),
                " ",
                rx.el.span(item["place"], class_name="faint small"),
                href=item["href"],
            ),
            rx.el.button(
                "×",
                type="button",
                on_click=on_remove(item["key"]),
                title="Remove",
                aria_label="Remove " + item["label"].to(str),
                class_name="steer-remove",
            ),
            class_name="what",
        ),
        rx.el.div(
            rx.el.input(
                type="range",
                min=item["least"],
                max=item["limit"],
                step="any",
                value=item["strength"],
                on_change=on_slide(item["key"]).throttle(90),
                aria_label="Strength of " + item["label"].to(str),
                style={"--lo": item["low"], "--hi": item["high"]},
                class_name="range",
            ),
            rx.el.input(
                type="number",
                step="any",
                default_value=item["strength"].to(str),
                key=item["strength"].to(str),
                on_blur=on_type(item["key"]),
                on_key_down=rx.noop(),
                aria_label="Strength of " + item["label"].to(str) + " as a number",
                class_name="input small",
            ),
            class_name="set",
        ),
        class_name="steer-feature",
        key=item["key"],
    )


def suggestion(item: ObjectVar[Suggestion], *, on_add: rx.EventHandler) -> rx.Component:
    return rx.el.button(
        rx.el.span(item["label"], class_name="grow clip iso"),
        rx.el.span(item["place"], class_name="faint small strong"),
        type="button",
        role="option",
        on_click=on_add(item["source"], item["feature"]),
    )


def add_box(
    wanted: StringVar,
    suggestions: ArrayVar[list[Suggestion]],
    *,
    on_change: rx.EventHandler,
    on_submit: rx.EventHandler,
    on_add: rx.EventHandler,
) -> rx.Component:
    """A box that finds a feature by its explanation or by `layer/index`, with suggestions below it."""
    return rx.el.form(
        rx.el.div(
            rx.el.label("Add a feature", html_for="wanted", class_name="sr"),
            rx.el.input(
                id="wanted",
                name="wanted",
                value=wanted,
                on_change=on_change,
                auto_complete="off",
                placeholder="Search explanations, or paste layer/index",
                class_name="input",
                data_key="a",
                data_key_label="add a feature",
            ),
            class_name="search",
        ),
        rx.cond(
            suggestions.length() > 0,
            rx.el.div(
                rx.foreach(suggestions, lambda item: suggestion(item, on_add=on_add)),
                class_name="pop",
                role="listbox",
                aria_label="Features that fit",
            ),
        ),
        on_submit=on_submit,
        class_name="steer-add",
    )


def setting(
    label: str, name: str, value: rx.Var[float] | rx.Var[int], *, step: str, on_change: rx.EventHandler
) -> list[rx.Component]:
    """A labelled number; it is taken over when the field is left or Enter is pressed."""
    return [
        rx.el.label(label, html_for=f"setting-{name}"),
        rx.el.input(
            id=f"setting-{name}",
            type="number",
            step=step,
            default_value=value.to(str),
            key=value.to(str),
            on_blur=on_change(name),
            class_name="input",
        ),
    ]


def settings_card(title: str, *rows: list[rx.Component]) -> rx.Component:
    return card(rx.el.div(*[part for row in rows for part in row], class_name="steer-settings"), title=title)
