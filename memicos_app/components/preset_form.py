"""A preset as its owner writes it: the form, and what is read out of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias, TypedDict

import reflex as rx

from memicos_app.components.layout import card
from memicos_app.library.preset_text import (
    alias_of,
    condition_text,
    features_text,
    parse_condition,
    parse_features,
    parse_stops,
    stops_text,
)
from memicos_app.library.presets import Preset

Var: TypeAlias = Any


class Draft(TypedDict):
    """A preset as the form holds it; an empty `id` is a new one."""

    id: str
    alias: str
    name: str
    kind: str
    rank: int
    prompt: str
    features: str
    condition: str
    stop: str


NEW = Draft(id="", alias="", name="", kind="features", rank=0, prompt="", features="", condition="", stop="")


def draft_of(one: Preset) -> Draft:
    """A preset as the form shows it."""
    return Draft(
        id=one.id,
        alias=one.alias,
        name=one.name,
        kind=one.kind,
        rank=one.rank,
        prompt=one.prompt,
        features=features_text(one.features),
        condition=condition_text(one.condition),
        stop=stops_text(one.stop),
    )


def written(form: Mapping[str, Any], model_id: str, before: Preset | None, taken: Iterable[str]) -> Preset:
    """The preset that a form holds.

    Args:
        before: the preset that was changed; what the form does not show stays.
        taken: names that other presets have in addresses.

    Raises:
        BadInputError: a field cannot be read.
    """
    name, rank = _words(form, "name"), _words(form, "rank")
    return Preset(
        model_id,
        _words(form, "alias") or alias_of(name, taken),
        name,
        kind="prompt" if form.get("kind") == "prompt" else "features",
        rank=int(rank) if rank.lstrip("-").isdigit() and len(rank) < 6 else 0,
        prompt=str(form.get("prompt", "")),
        features=parse_features(str(form.get("features", ""))),
        options=before.options if before else {},
        stop=parse_stops(str(form.get("stop", ""))),
        condition=parse_condition(_words(form, "condition")),
        id=before.id if before else "",
    )


def _words(form: Mapping[str, Any], name: str) -> str:
    return str(form.get(name, "")).strip()


def preset_form(draft: Var, wrong: Var, turn: Var, state: Any) -> rx.Component:
    """Everything of a preset but its options, which come from the steer page."""
    return card(
        rx.el.form(
            field("Name", line_input(draft, "name", "name", auto_focus=state.eager)),
            rx.el.div(
                kind(draft),
                field("Place", line_input(draft, "rank", "place", type="number")),
                class_name="grid-2",
            ),
            field("Features", lines(draft, "features", "features", 3, "15-res-4k/53 80", mono=True)),
            line("Only where", draft, "condition", placeholder="15-res-4k/53 > 2", mono=True),
            field("Prompt", lines(draft, "prompt", "prompt", 2)),
            field("Stop at, one a line", lines(draft, "stop", "stop-at-one-a-line", 1, "\\n", mono=True)),
            line("Address", draft, "alias", placeholder="from the name", mono=True),
            rx.cond(wrong != "", rx.el.p(wrong, class_name="notice amber iso", role="alert")),
            rx.el.div(
                rx.el.button("Keep", type="submit", class_name="btn primary"),
                rx.cond(
                    draft["id"] != "",
                    rx.el.button("New instead", type="button", on_click=state.edit(""), class_name="btn"),
                ),
                class_name="row",
            ),
            key=turn,
            on_submit=state.keep,
            class_name="card-body stack",
        ),
        title=rx.cond(draft["id"] != "", "Edit", "New preset"),
    )


def kind(draft: Var) -> rx.Component:
    return field(
        "Kind",
        rx.el.select(
            rx.el.option("features", value="features"),
            rx.el.option("prompt", value="prompt"),
            name="kind",
            id="preset-kind",
            default_value=draft["kind"],
            class_name="select",
        ),
    )


def line(label: str, draft: Var, name: str, *, placeholder: str = "", mono: bool = False) -> rx.Component:
    return field(label, line_input(draft, name, _id(label), placeholder=placeholder, mono=mono))


def line_input(draft: Var, name: str, place: str, *, mono: bool = False, **more: Any) -> rx.Component:
    return rx.el.input(
        name=name,
        id=f"preset-{place}",
        default_value=draft[name],
        auto_complete="off",
        class_name="input mono" if mono else "input",
        **more,
    )


def lines(draft: Var, name: str, place: str, rows: int, placeholder: str = "", *, mono: bool = False) -> rx.Component:
    return rx.el.textarea(
        name=name,
        id=f"preset-{place}",
        default_value=draft[name],
        placeholder=placeholder,
        spell_check=not mono,
        rows=rows,
        class_name="textarea mono" if mono else "textarea",
    )


def field(label: str, control: rx.Component) -> rx.Component:
    return rx.el.div(
        rx.el.label(label, html_for=f"preset-{_id(label)}", class_name="label"), control, class_name="field"
    )


def _id(label: str) -> str:
    return label.lower().replace(",", "").replace(" ", "-")
