"""The left half of the steer page: the features being steered, each with its slider, and how to add one."""

from __future__ import annotations

from typing import Any, TypeAlias, TypedDict
from urllib.parse import quote

import reflex as rx

from memicos_app.components.layout import card
from memicos_app.library.example_groups import default_strength
from memicos_app.library.views import FeatureView

Var: TypeAlias = Any
Handler: TypeAlias = Any
"""A value and an event handler of a page's state; Reflex makes their types at run time."""


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


def steered_feature(view: FeatureView, strength: float | None = None) -> SteeredFeature:
    """A feature as the page steers it; without a strength at its usual one."""
    usual = default_strength(view.max_activation)
    label = view.explanations[0].description if view.explanations else f"feature {view.index}"
    bare = SteeredFeature(
        key=f"{view.source_id}/{view.index}",
        source=view.source_id,
        feature=view.index,
        label=label,
        place=f"{view.source.layer} · {view.index}",
        href="/" + "/".join(quote(part, safe="") for part in (view.model_id, view.source_id, str(view.index))),
        strength=0.0,
        least=-2.5 * usual,
        limit=2.5 * usual,
        low="50%",
        high="50%",
    )
    return with_strength(bare, usual if strength is None else strength)


def with_strength(item: SteeredFeature, strength: float) -> SteeredFeature:
    """The same feature at another strength; a slider that is too short for it grows."""
    limit = max(item["limit"], abs(strength))
    low, high = slider_marks(strength, limit)
    return {**item, "strength": round(strength, 2), "least": -limit, "limit": limit, "low": low, "high": high}


def slider_marks(strength: float, limit: float) -> tuple[str, str]:
    """Begin and end of the filled part of a slider with its zero in the middle, in per cent."""
    at = 50.0 + 50.0 * max(-1.0, min(1.0, strength / limit if limit else 0.0))
    return f"{min(50.0, at):.2f}%", f"{max(50.0, at):.2f}%"


def feature_row(
    item: Var,
    *,
    on_slide: Handler,
    on_type: Handler,
    on_remove: Handler,
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


def feature_rows(items: Var, *, on_slide: Handler, on_type: Handler, on_remove: Handler) -> rx.Component:
    """All features, or a sentence on how to add the first."""
    return rx.cond(
        items.length() > 0,
        rx.foreach(items, lambda item: feature_row(item, on_slide=on_slide, on_type=on_type, on_remove=on_remove)),
        rx.el.p(
            "Nothing is steered yet. Find a feature by what it means, or take one with Steer on its page.",
            class_name="card-body small muted",
        ),
    )


def suggestion(item: Var, *, on_add: Handler) -> rx.Component:
    return rx.el.button(
        rx.el.span(item["label"], class_name="grow clip iso"),
        rx.el.span(item["place"], class_name="faint small strong"),
        type="button",
        role="option",
        on_click=on_add(item["source"], item["feature"]),
    )


def add_box(
    turn: Var,
    suggestions: Var,
    *,
    on_change: Handler,
    on_submit: Handler,
    on_add: Handler,
) -> rx.Component:
    """A box that finds a feature by its explanation or by `layer/index`, with suggestions below it.

    The browser keeps what is typed, so that Enter sends it as it stands; another `turn` is an empty box.
    """
    return rx.el.form(
        rx.el.div(
            rx.el.label("Add a feature", html_for="wanted", class_name="sr"),
            rx.el.input(
                id="wanted",
                name="wanted",
                default_value="",
                key=turn.to(str),
                on_change=on_change,
                auto_complete="off",
                placeholder="What it means, or layer/index",
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


def setting(label: str, name: str, value: Var, *, step: str, on_change: Handler) -> list[rx.Component]:
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


def later(handler: Handler, milliseconds: int) -> Handler:
    """The handler, called once its input has been still for so long."""
    return handler.debounce(milliseconds)
