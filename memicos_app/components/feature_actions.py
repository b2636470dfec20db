"""What can be done with a feature: go to the next one, jump, share, embed, download."""

from __future__ import annotations

import reflex as rx
from reflex.event import EventSpec
from reflex.vars import ArrayVar

from memicos_app.components.copy_button import copy_button
from memicos_app.components.feature_address import EMBED_SWITCHES, TEST_TEXT, embed_part, embed_query, iframe
from memicos_app.components.feature_display import FeatureDisplay, Shown
from memicos_app.components.held import held_checkbox, held_select
from memicos_app.components.keys import kbd
from memicos_app.components.rights import declares
from memicos_app.library.accounts.rights import Right
from memicos_app.settings import get_settings

SHARE = "Copy the address, with your test text"
EMBED_DIALOG = "embed-dialog"


@declares(Right.READ)
class EmbedOptions(rx.State):
    """What the embed dialog is about to leave out, and the address that comes of it."""

    left_out: list[str] = []
    path: str = ""
    text: str = ""

    @rx.event
    def open(self, path: str, text: str) -> EventSpec:
        self.path, self.text = path, text
        return rx.call_script(f"document.getElementById('{EMBED_DIALOG}').showModal()")

    @rx.event
    def toggle(self, name: str) -> None:
        rest = [other for other in self.left_out if other != name]
        self.left_out = rest if name in self.left_out else [*rest, name]

    @rx.var
    def address(self) -> str:
        """Address of the embedded feature."""
        site = get_settings().public_url.rstrip("/") or self.router.url.origin
        return site + self.path + embed_query(self.left_out, self.text)

    @rx.var
    def html(self) -> str:
        """The iframe that shows it."""
        return iframe(self.address)


def where(
    feature: Shown[FeatureDisplay],
    sources: ArrayVar[list[str]],
    on_jump: rx.EventHandler,
    on_source: rx.EventHandler,
) -> rx.Component:
    """Bread crumbs whose last step, the index, is a field: type another one and press Enter.

    Where the model has several `sources`, the mark behind the layer switches to the same index of another.
    """
    return rx.el.nav(
        rx.el.a(feature.model, href=feature.model_href),
        separator(),
        rx.el.a(feature.set_name, href=feature.set_href, class_name="hide-phone"),
        separator(class_name="sep hide-phone"),
        rx.el.a(feature.layer, href=feature.source_href, title=feature.source),
        rx.cond(sources.length() > 1, source_switch(feature, sources, on_source)),
        separator(),
        rx.el.form(
            rx.el.input(
                name="index",
                default_value=feature.number,
                key=feature.number,
                input_mode="numeric",
                auto_complete="off",
                aria_label="Feature index; type another and press Enter",
                title="Jump to another index",
                data_key="g",
                data_key_label="jump to an index",
                style={"min_width": "calc(" + feature.number.length().to(str) + "ch + 13px)"},
                class_name="crumb-index",
            ),
            on_submit=on_jump,
        ),
        aria_label="Where you are",
        class_name="crumbs",
    )


def source_switch(
    feature: Shown[FeatureDisplay], sources: ArrayVar[list[str]], on_source: rx.EventHandler
) -> rx.Component:
    return rx.el.span(
        rx.el.span("▾", aria_hidden="true"),
        held_select(
            rx.foreach(sources, lambda name: rx.el.option(name, value=name)),
            value=feature.source,
            on_change=on_source,
            aria_label="Same index in another source",
            title="Same index in another source",
        ),
        class_name="crumb-switch",
    )


def separator(class_name: str = "sep") -> rx.Component:
    return rx.el.span("›", class_name=class_name, aria_hidden="true")


def actions(
    feature: Shown[FeatureDisplay], query: rx.Var[str], text: rx.Var[str], on_vector: rx.EventHandler
) -> list[rx.Component]:
    """The verbs of the page; `query` goes along to the previous and next feature, `text` into an embedded one."""
    return [
        step(feature.previous_href, query, "Prev", "k", "previous feature"),
        step(feature.next_href, query, "Next", "j", "next feature"),
        copy_button(
            text="", label="Share", custom_attrs={"title": "Copy the address, with your test text"}, class_name="btn"
        ),
        rx.el.button(
            "Embed", type="button", class_name="btn hide-phone", on_click=EmbedOptions.open(path(feature), text)
        ),
        rx.el.a("Compare", href=compare_href(feature), class_name="btn hide-phone"),
        downloads(feature, on_vector),
    ]


def compare_href(feature: Shown[FeatureDisplay]) -> rx.Var[str]:
    """Where this feature stands on the left, and another can be chosen."""
    return "/compare?a=" + feature.model + "/" + feature.source + "/" + feature.number


def step(href: rx.Var[str], query: rx.Var[str], word: str, key: str, label: str) -> rx.Component:
    """A link to a neighbour that the keyboard follows too; without one, the word stays and does nothing."""
    arrow = {"k": "‹", "j": "›"}[key]
    content = [rx.el.span(arrow, aria_hidden="true"), word, kbd(key)]
    shown = content if key == "k" else content[1:] + content[:1]
    return rx.cond(
        href != "",
        rx.el.a(
            *shown,
            href=href + query,
            prevent_scroll_reset=True,
            rel={"k": "prev", "j": "next"}[key],
            data_key={"k": "k ArrowLeft", "j": "j ArrowRight"}[key],
            data_key_label=label,
            class_name="btn",
        ),
        rx.el.span(*shown, aria_disabled="true", class_name="btn"),
    )


def downloads(feature: Shown[FeatureDisplay], on_vector: rx.EventHandler) -> rx.Component:
    return rx.el.details(
        rx.el.summary("Download", class_name="btn"),
        rx.el.div(
            rx.el.a(
                "Feature as JSON",
                href=feature.json_href,
                download=feature.source + "-" + feature.number + ".json",
                reload_document=True,
            ),
            rx.el.a("This page as HTML", href=feature.file_href, download=True, reload_document=True),
            rx.el.button("Decoder direction as JSON", type="button", on_click=on_vector),
            class_name="pop",
        ),
        class_name="drop",
    )


def path(feature: Shown[FeatureDisplay]) -> rx.Var[str]:
    return "/" + feature.model + "/" + feature.source + "/" + feature.number


def open_whole(feature: Shown[FeatureDisplay], text: rx.Var[str]) -> rx.Component:
    """What an embedded feature has instead of the verbs: ways to the whole page and to the steer page."""
    steer = rx.el.a("Steer", href=feature.steer_href, target="_blank", rel="noopener", class_name="link")
    whole = rx.el.a("Open ↗", href=whole_address(feature, text), target="_blank", rel="noopener", class_name="link")
    return rx.el.div(
        rx.cond(embed_part("embedsteer") & ~(embed_part("embedtest") & embed_part("embedtestfield")), steer),
        rx.cond(embed_part("embedlink"), whole),
        class_name="embed-bar small",
    )


def whole_address(feature: Shown[FeatureDisplay], text: rx.Var[str]) -> rx.Var[str]:
    return path(feature) + rx.cond(text != "", f"?{TEST_TEXT}=" + encoded(text), "")


def encoded(text: rx.Var[str]) -> rx.Var[str]:
    """`text` as a value in a query string, made in the browser."""
    return rx.Var(f"encodeURIComponent({text!s})", _var_type=str, _var_data=text._get_all_var_data()).guess_type()


def embed_dialog() -> rx.Component:
    """Choose the parts; copy the iframe or the address."""
    return rx.el.dialog(
        rx.el.div(
            rx.el.h2("Embed this feature"),
            rx.el.form(rx.el.button("×", aria_label="Close", class_name="btn quiet small icon"), method="dialog"),
            class_name="card-head lined",
        ),
        rx.el.div(
            rx.el.div(*[switch(name, words) for name, words in EMBED_SWITCHES.items()], class_name="embed-switches"),
            rx.el.pre(EmbedOptions.html, class_name="code wrapped", id="embed-html"),
            rx.el.div(
                copy_button(text=EmbedOptions.html, label="Copy iframe", class_name="btn primary"),
                copy_button(text=EmbedOptions.address, label="Copy link", class_name="btn"),
                rx.el.a("Open", href=EmbedOptions.address, target="_blank", rel="noopener", class_name="btn quiet"),
                class_name="row wrap",
            ),
            class_name="card-body embed-body",
        ),
        id=EMBED_DIALOG,
        aria_label="Embed this feature",
        class_name="dialog",
    )


def switch(name: str, words: str) -> rx.Component:
    return rx.el.label(
        held_checkbox(
            checked=~EmbedOptions.left_out.contains(name),
            on_change=EmbedOptions.toggle(name),
        ),
        words,
        class_name="switch",
    )
