"""The form for an SAE of one's own: fields that say what is wrong with them, and what is known of the SAE."""

from __future__ import annotations

from typing import Any

import reflex as rx

from memicos_app.components.checked_fields import text_field
from memicos_app.components.layout import card
from memicos_app.components.ways_in import facts_card


def adding_form(state: type[Any]) -> rx.Component:
    """The fields, from what has to be said to what may be left as it is."""
    return card(
        rx.el.form(
            rx.el.fieldset(  # what is typed before the form is filled would be lost
                field(
                    state,
                    "sae",
                    "Folder",
                    "On this machine, in SAELens's format; or a file or folder of steering vectors.",
                    placeholder="/home/me/my_sae",
                    required=True,
                    auto_focus=True,
                    spell_check=False,
                ),
                field(
                    state,
                    "hook",
                    "Hook point",
                    "Only for vectors, such as blocks.15.hook_resid_post; an SAE says it itself.",
                    spell_check=False,
                ),
                rx.el.div(
                    field(
                        state,
                        "model",
                        "Model",
                        "Packaged id, folder or hub name.",
                    ),
                    field(state, "set_name", "Set (SAE ID)", "Part of its address.", placeholder="my-set"),
                    class_name="grid-2",
                ),
                field(
                    state,
                    "corpus",
                    "Texts",
                    "A .txt, .jsonl, .parquet or .npy file here, or a dataset of the Hugging Face hub, owner/name.",
                    placeholder="the demo's",
                    spell_check=False,
                ),
                rx.el.div(
                    field(state, "column", "Column", "Of the texts, where they have several.", placeholder="text"),
                    field(
                        state,
                        "log_sparsity_threshold",
                        "Log sparsity",
                        "Rarer features are skipped.",
                        number=True,
                    ),
                    field(state, "prompts", "Prompts", "Windows chosen from the texts.", number=True),
                    field(state, "context", "Tokens a prompt", "BOS included.", number=True),
                    class_name="grid-2",
                ),
                rx.cond(state.problem != "", rx.el.p(state.problem, role="alert", class_name="notice rose iso")),
                rx.el.div(
                    rx.el.button("Make dashboards", type="submit", class_name="btn primary"),
                    rx.el.span(state.size, class_name="small faint"),
                    class_name="row wrap",
                ),
                disabled=state.turn == 0,
                class_name="bare",
            ),
            key=state.turn.to(str),
            on_submit=state.send,
            no_validate=True,
            class_name="card-body stack",
        ),
        title="An SAE of your own",
    )


def field(state: type[Any], name: str, label: str, hint: str, *, number: bool = False, **props: Any) -> rx.Component:
    """A line of text that begins with what the page knows already."""
    if number:
        props["input_mode"] = "decimal"
    return text_field(state, name, label, hint=hint, default_value=state.begin[name], **props)


def known(state: type[Any]) -> rx.Component:
    """What the folder says, as soon as it can be read."""
    title = "What it is"
    nothing = rx.el.p(
        "Architecture, hook point, layer and width are read from its cfg.json, and checked against the model.",
        class_name="card-body muted small",
    )
    return rx.el.div(
        rx.cond(state.facts.length() > 0, facts_card(title, state.facts), card(nothing, title=title)),
        rx.foreach(state.notes, lambda one: rx.el.p(one, class_name="notice amber small iso")),
        class_name="stack",
        aria_live="polite",
    )


def steps() -> rx.Component:
    """What happens then."""
    said = (
        ("Served", "copied to where the worker looks, so that tests and steering work"),
        ("Dashboards", "the model runs once over the texts for all features"),
        ("Imported", "into the database; the source has its page"),
        ("Explained", "by top tokens, and embedded for search"),
    )
    rows = [rx.el.li(rx.el.b(word), " ", rx.el.span(words, class_name="muted")) for word, words in said]
    return card(
        rx.el.ol(*rows, class_name="card-body add-steps"),
        rx.el.p(
            "As a job: close the page, pause it, stop the machine; it goes on where it was. ",
            rx.el.code("memicos add"),
            " does the same.",
            class_name="card-body small faint",
        ),
        title="What happens",
    )
