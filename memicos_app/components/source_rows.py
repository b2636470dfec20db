"""Sources as rows and as a strip of layers: what is there, how good it is, and how to bring in the rest."""

from __future__ import annotations

import re
from typing import TypedDict

import reflex as rx

from memicos_app.components.copy import command
from memicos_app.components.figures import count, figure, share
from memicos_app.components.jump import place
from memicos_app.components.seen_by import mark
from memicos_app.library.views import SourceSetView, SourceView
from memicos_app.settings import ROOT, get_settings

KINDS = {
    "hook_resid_pre": "residual stream before layer {layer}",
    "hook_resid_mid": "residual stream inside layer {layer}",
    "hook_resid_post": "residual stream after layer {layer}",
    "hook_mlp_out": "MLP output of layer {layer}",
    "mlp.hook_post": "MLP neurons of layer {layer}",
    "hook_attn_out": "attention output of layer {layer}",
    "attn.hook_z": "attention heads of layer {layer}",
}
STATES = {
    "ready": ("browsable", "chip accent"),
    "importing": ("importing", "chip amber"),
    "available": ("to import", "chip"),
    "weights-only": ("no dashboards", "chip"),
    "empty": ("no data yet", "chip"),
}


class SourceRow(TypedDict):
    """A source as a line of a table; figures that nobody measured are empty."""

    key: str
    href: str
    layer: str
    hook: str
    features: str
    explained: str
    explained_share: str
    variance: str
    l0: str
    recovered: str
    state: str
    state_class: str
    seen: str
    """`unlisted` or `private`; empty where everybody finds it."""
    todo: str
    """The command that brings it in; empty where it is there."""


class Layer(TypedDict):
    """A layer of the strip; one that has no source leads nowhere."""

    number: str
    href: str
    kind: str
    words: str


class SetBlock(TypedDict):
    """A source set with its sources."""

    name: str
    href: str
    description: str
    release: str
    seen: str
    """As a row's."""
    layers: list[Layer]
    rows: list[SourceRow]


NO_SET = SetBlock(name="", href="", description="", release="", seen="", layers=[], rows=[])


def hook_words(hook_name: str, layer: int) -> str:
    """What a TransformerLens hook point is, in words; the name itself where it is not a common one."""
    point = re.sub(r"^blocks\.\d+\.", "", hook_name)
    return KINDS[point].format(layer=layer) if point in KINDS else hook_name


def todo(source: SourceView) -> str:
    """The command that makes `source` browsable."""
    if source.state == "available":
        return f"memicos import {source.model_id} {source.id}"
    if source.state == "weights-only":
        return f"memicos generate --sae {sae_path(source.model_id, source.id)}"
    return ""


def sae_path(model_id: str, source_id: str) -> str:
    """Where the weights of a source lie, from the folder of the project where they lie in it."""
    settings = get_settings()
    own = settings.user_saes_dir / model_id / source_id
    folder = own if own.is_dir() else settings.sae_dir / model_id / source_id
    return str(folder.relative_to(ROOT) if folder.is_relative_to(ROOT) else folder)


def source_row(source: SourceView) -> SourceRow:
    known = source.evaluation
    part = source.n_explained / source.n_dashboards if source.n_dashboards else 0.0
    words, style = STATES[source.state]
    return SourceRow(
        key=source.id,
        href=place(source.model_id, source.id),
        layer=str(source.layer),
        hook=hook_words(source.hook_name, source.layer),
        features=count(source.n_dashboards or source.n_features),
        explained=share(part) if source.n_dashboards else "",
        explained_share=f"{part:.0%}",
        variance=figure("explained_variance", known["explained_variance"]) if "explained_variance" in known else "–",
        l0=f"{known['l0']:.1f}" if "l0" in known else "–",
        recovered=share(known["loss_recovered"]) if "loss_recovered" in known else "–",
        state=words,
        state_class=style,
        seen="" if source.visibility == "public" else source.visibility,
        todo=todo(source),
    )


def layer_strip(source_set: SourceSetView, layers: int) -> list[Layer]:
    """Every layer of the model from the first to the last, and which of them the set covers."""
    by_layer = {source.layer: source for source in source_set.sources}
    return [layer_of(number, by_layer.get(number)) for number in range(max([layers, *(n + 1 for n in by_layer)]))]


def layer_of(number: int, source: SourceView | None) -> Layer:
    if source is None:
        return Layer(number=str(number), href="", kind="none", words=f"layer {number}: no source")
    words = f"{source.id}: {STATES[source.state][0]}"
    kind = "announced" if source.state == "empty" else source.state
    return Layer(number=str(number), href=place(source.model_id, source.id), kind=kind, words=words)


def set_block(source_set: SourceSetView, layers: int) -> SetBlock:
    return SetBlock(
        name=source_set.name,
        href=place(source_set.model_id, source_set.name),
        description=source_set.description,
        release=source_set.release_name or "",
        seen="" if source_set.visibility == "public" else source_set.visibility,
        layers=layer_strip(source_set, layers),
        rows=[source_row(source) for source in sorted(source_set.sources, key=lambda source: source.layer)],
    )


def strip_of_layers(layers: rx.Var[list[Layer]]) -> rx.Component:
    """The layers at a glance: filled where features can be browsed, outlined where there is something to bring in."""
    return rx.el.ol(rx.foreach(layers, layer_cell), aria_label="Layers", class_name="layers")


def layer_cell(layer: rx.Var[Layer]) -> rx.Component:
    linked = rx.el.a(layer["number"], href=layer["href"], title=layer["words"], aria_label=layer["words"])
    return rx.el.li(
        rx.cond(layer["href"] != "", linked, rx.el.span(layer["number"], title=layer["words"])),
        class_name=layer["kind"],
    )


def source_table(rows: rx.Var[list[SourceRow]]) -> rx.Component:
    heads = (
        ("source", ""),
        ("features", "num"),
        ("explained", "num hide-phone"),
        ("expl. var.", "num hide-phone"),
        ("L0", "num hide-phone"),
        ("loss rec.", "num hide-phone"),
        ("", "num"),
    )
    return rx.el.table(
        rx.el.thead(rx.el.tr(*(rx.el.th(words, scope="col", class_name=style) for words, style in heads))),
        rx.el.tbody(rx.foreach(rows, source_line), data_list=""),
        class_name="table sources",
    )


def source_line(row: rx.Var[SourceRow]) -> rx.Component:
    how = rx.cond(
        row["todo"] != "",
        rx.el.div(command(row["todo"]), class_name="above"),
        rx.el.div(row["hook"], class_name="faint small clip"),
    )
    return rx.el.tr(
        rx.el.td(
            rx.el.a(rx.el.span(row["key"], class_name="strong"), href=row["href"], data_item="", class_name="cover"),
            rx.cond(row["seen"] != "", rx.el.span(" ", mark(row["seen"]))),
            how,
        ),
        rx.el.td(row["features"], class_name="num"),
        rx.el.td(explained_bar(row), class_name="num hide-phone"),
        rx.el.td(row["variance"], class_name="num hide-phone"),
        rx.el.td(row["l0"], class_name="num hide-phone"),
        rx.el.td(row["recovered"], class_name="num hide-phone"),
        rx.el.td(rx.el.span(row["state"], class_name=row["state_class"]), class_name="num"),
    )


def explained_bar(row: rx.Var[SourceRow]) -> rx.Component:
    return rx.cond(
        row["explained"] != "",
        rx.el.span(
            row["explained"],
            " ",
            rx.el.span(class_name="bar", style={"--w": row["explained_share"]}, aria_hidden="true"),
        ),
        rx.el.span("–", class_name="faint"),
    )
