"""The features of one side of a contrast: what they mean, a bar for every text, and where they fire."""

from __future__ import annotations

import reflex as rx

from memicos_app.components.contrast_rows import ContrastRow, TextBar
from memicos_app.components.empty import empty, skeleton_rows
from memicos_app.components.token_preview import token_preview
from memicos_app.components.token_strip import StripGroup, token_strip


def side_card(
    title: str,
    rows: rx.Var[list[ContrastRow]],
    searched: rx.Var[bool],
    busy: rx.Var[bool],
    opened: rx.Var[str],
    opened_texts: rx.Var[list[StripGroup]],
    on_open: rx.EventHandler,
) -> rx.Component:
    """The features of a side as a list; `opened` is the one whose texts are shown whole."""
    return rx.el.section(
        rx.el.div(
            rx.el.h2(title, " ", rx.cond(searched, rx.el.span(rows.length(), class_name="faint num"))),
            rx.el.span("d", title="Separation", class_name="faint"),
            class_name="card-head",
        ),
        rx.cond(
            searched,
            rx.cond(
                rows.length() > 0,
                rx.el.ol(
                    rx.foreach(rows, lambda row: contrast_item(row, opened, opened_texts, on_open)),
                    data_list="",
                    class_name="card-rows",
                ),
                empty("Nothing", "No feature that is not hidden has more on this side."),
            ),
            skeleton_rows(10),
        ),
        aria_label=title,
        aria_busy=busy,
        class_name=rx.cond(busy, "card is-busy", "card"),
    )


def contrast_item(
    row: rx.Var[ContrastRow], opened: rx.Var[str], opened_texts: rx.Var[list[StripGroup]], on_open: rx.EventHandler
) -> rx.Component:
    is_open = opened == row["key"]
    return rx.el.li(
        rx.el.div(
            rx.el.a(
                rx.el.bdi(rx.cond(row["explanation"] != "", row["explanation"], "not explained yet")),
                href=row["href"],
                data_item="",
                class_name=rx.cond(row["explanation"] != "", "clamp-2", "clamp-2 faint"),
            ),
            rx.el.span(row["separation"], class_name="num strong"),
            class_name="spread",
        ),
        rx.el.div(token_preview(row["strip"]), class_name="contrast-tokens"),
        rx.el.div(
            rx.el.span(row["place"], "/", row["number"], class_name="mono"),
            rx.cond(row["density"] != "", rx.el.span("fires on ", row["density"])),
            rx.el.button(
                bars(row["first"], "first"),
                bars(row["second"], "second"),
                rx.el.span(row["told"], class_name="num"),
                type="button",
                title="All texts",
                aria_expanded=is_open,
                on_click=on_open(row["key"]),
                class_name="contrast-bars",
            ),
            class_name="row wrap tiny faint",
        ),
        rx.cond(
            is_open,
            rx.el.div(
                token_strip(groups=opened_texts, layout="full", values=True, actions=False, expandable=False),
                class_name="contrast-texts",
            ),
        ),
    )


def bars(each: rx.Var[list[TextBar]], side: str) -> rx.Component:
    """A bar a text."""
    return rx.el.span(
        rx.foreach(each, lambda one: rx.el.i(title=one["words"], style={"--h": one["height"]})),
        aria_hidden="true",
        class_name=f"ticks {side}",
    )
