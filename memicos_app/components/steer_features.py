"""The left half of the steer page: the features being steered, each with its slider, and how to add one."""

from __future__ import annotations

from typing import Any, TypeAlias, TypedDict

import reflex as rx

from memicos_app.components.feature_address import feature_path
from memicos_app.components.held import held_range
from memicos_app.library.example_groups import default_strength
from memicos_app.library.steering import SteeredVector as AskedVector
from memicos_app.library.vectors import Vector
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
    usual: float
    """The strength to begin with, where the method adds."""
    vector: bool
    """Whether it is a vector of somebody's own rather than a feature."""


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
    bare = _bare(view.source_id, view.index, label, f"{view.source.layer} · {view.index}", usual)
    href = feature_path(view.model_id, view.source_id, view.index)
    return with_strength({**bare, "href": href}, usual if strength is None else strength)


def steered_vector(vector: Vector, strength: float | None = None) -> SteeredFeature:
    """A vector of somebody's own as the page steers it."""
    layer, side = vector.hook_name.split(".")[1], vector.hook_name.rpartition("_")[2]
    usual = abs(vector.default_strength) or 10.0
    bare = _bare(vector.source_id, vector.index, vector.label, f"vector · {layer} {side}", usual)
    return with_strength({**bare, "vector": True}, vector.default_strength if strength is None else strength)


def kept_vector(key: str, vector: AskedVector) -> SteeredFeature:
    """A vector that came with a saved run, and may be kept nowhere else."""
    place = f"vector · {vector.hook.removeprefix('blocks.')}"
    bare = _bare("", 0, vector.label or "a vector", place, abs(vector.strength) or 10.0)
    return with_strength({**bare, "key": key, "vector": True}, vector.strength)


def _bare(source: str, feature: int, label: str, place: str, usual: float) -> SteeredFeature:
    return SteeredFeature(
        key=f"{source}/{feature}",
        source=source,
        feature=feature,
        label=label,
        place=place,
        href="",
        strength=0.0,
        least=-2.5 * usual,
        limit=2.5 * usual,
        usual=usual,
        vector=False,
    )


def scaled(item: SteeredFeature, limit: float, strength: float) -> SteeredFeature:
    """The same feature on a slider of another reach: methods read strengths differently."""
    return with_strength({**item, "limit": limit}, strength)


def with_strength(item: SteeredFeature, strength: float) -> SteeredFeature:
    """The same feature at another strength; a slider that is too short for it grows."""
    limit = max(item["limit"], abs(strength))
    return {**item, "strength": round(strength, 2), "least": -limit, "limit": limit}


def name_of(item: Var) -> tuple[rx.Component, ...]:
    """What it means and where it is."""
    return (
        rx.el.span(item["label"], class_name="iso"),
        rx.el.span(" ", item["place"], class_name="faint small"),
    )


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
            rx.cond(
                item["href"] != "",
                rx.el.a(*name_of(item), href=item["href"], class_name="name"),
                rx.el.span(*name_of(item), class_name="name"),
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
            held_range(
                least=item["least"],
                most=item["limit"],
                value=item["strength"],
                on_move=on_slide(item["key"]),
                aria_label="Strength of " + item["label"].to(str),
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


def feature_rows(
    items: Var, *, starters: Var, on_slide: Handler, on_type: Handler, on_remove: Handler, on_start: Handler
) -> rx.Component:
    """All features, or how to add the first: in words, and with presets to press."""
    return rx.cond(
        items.length() > 0,
        rx.foreach(items, lambda item: feature_row(item, on_slide=on_slide, on_type=on_type, on_remove=on_remove)),
        rx.el.div(
            rx.el.p("Nothing is steered yet. Find a feature by what it means, or begin with one of these."),
            rx.el.div(
                rx.foreach(
                    starters,
                    lambda one: rx.el.button(
                        one["name"], type="button", on_click=on_start(one["alias"]), class_name="btn small iso"
                    ),
                ),
                class_name="row wrap",
            ),
            class_name="card-body small muted stack",
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


def later(handler: Handler, milliseconds: int) -> Handler:
    """The handler, called once its input has been still for so long."""
    return handler.debounce(milliseconds)
