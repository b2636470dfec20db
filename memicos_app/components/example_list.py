"""A feature's examples in groups, with the controls that choose how they are drawn."""

from __future__ import annotations

import reflex as rx
from reflex.vars import ArrayVar

from memicos_app.components.token_strip import StripGroup, token_strip

WORDS = {"stacked": "Stacked", "snippet": "Snippet", "full": "Full"}
HINTS = {
    "stacked": "Five tokens on either side of the peak",
    "snippet": "The peak of every example in one column",
    "full": "Whole windows",
}


def example_list(
    *,
    groups: ArrayVar[list[StripGroup]],
    maximum: rx.Var[float],
    attributed_maximum: rx.Var[float],
    layout: rx.Var[str],
    breaks: rx.Var[bool],
    folded: rx.Var[int],
    unfolded: rx.Var[bool],
    split: rx.Var[bool],
    on_layout: rx.EventHandler,
    on_breaks: rx.EventHandler,
    on_fold: rx.EventHandler,
    on_split: rx.EventHandler,
    on_test: rx.EventHandler,
) -> rx.Component:
    """Examples with their toolbar; the choices are the caller's to keep."""
    return rx.el.section(
        rx.el.div(
            layout_choice(layout, on_layout),
            rx.el.div(
                toggle(rx.cond(breaks, "hide line breaks", "line breaks"), breaks, on_breaks),
                rx.cond(
                    attributed_maximum > 0,
                    toggle(rx.cond(split, "combine attribution", "split attribution"), split, on_split),
                ),
                rx.cond(
                    folded > 0,
                    toggle(fold_words(folded, unfolded), unfolded, on_fold),
                ),
                class_name="example-toggles",
            ),
            class_name="example-bar",
        ),
        rx.cond(
            groups.length() > 0,
            token_strip(
                groups=groups,
                max_value=maximum,
                attributed_max=attributed_maximum,
                layout=layout,
                breaks=breaks,
                on_test=on_test,
            ),
            rx.el.div(
                rx.el.h2("No examples"),
                rx.el.p("No stored text makes this feature fire. Test it on a text of your own above."),
                class_name="empty",
            ),
        ),
        aria_label="Examples",
        class_name="card examples",
    )


def layout_choice(layout: rx.Var[str], on_layout: rx.EventHandler) -> rx.Component:
    return rx.el.div(
        *[
            rx.el.button(
                words,
                type="button",
                title=HINTS[name],
                aria_pressed=rx.cond(layout == name, "true", "false"),
                on_click=on_layout(name),
            )
            for name, words in WORDS.items()
        ],
        role="group",
        aria_label="How examples are drawn",
        class_name="seg",
    )


def toggle(words: rx.Var[str] | str, on: rx.Var[bool], on_click: rx.EventHandler) -> rx.Component:
    return rx.el.button(
        words, type="button", aria_pressed=rx.cond(on, "true", "false"), on_click=on_click, class_name="toggle small"
    )


def fold_words(folded: rx.Var[int], unfolded: rx.Var[bool]) -> rx.Var[str]:
    noun = rx.cond(folded == 1, " duplicate", " duplicates")
    return rx.cond(unfolded, "fold " + folded.to_string() + noun, folded.to_string() + noun + " folded")
