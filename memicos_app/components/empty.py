"""What stands where there is nothing: what happened, what there is instead, and the next step."""

from __future__ import annotations

from typing import TypedDict

import reflex as rx

from memicos_app.components.copy import command


class Suggestion(TypedDict):
    """Something that exists, near what was asked for."""

    words: str
    note: str
    href: str


def empty(title: rx.Var[str] | str, text: rx.Var[str] | str, *next_step: rx.Component) -> rx.Component:
    """A quiet place with its next step: one command or one button."""
    return rx.el.div(rx.el.h2(title), rx.el.p(text), *next_step, class_name="empty fade-in")


def empty_with_command(title: rx.Var[str] | str, text: rx.Var[str] | str, line: rx.Var[str] | str) -> rx.Component:
    return empty(title, text, command(line))


def not_found(
    title: rx.Var[str] | str, text: rx.Var[str] | str, suggestions: rx.Var[list[Suggestion]] | list[Suggestion]
) -> rx.Component:
    """The page of an address that leads nowhere: says so, and lists what exists."""
    return rx.el.div(
        rx.el.h1(title, class_name="title iso"),
        rx.el.p(text, class_name="muted iso"),
        rx.cond(
            suggestions,
            rx.el.ul(rx.foreach(suggestions, suggestion), class_name="card card-rows suggestions"),
            rx.el.p(rx.el.a("Go to the home page", href="/", class_name="btn")),
        ),
        rx.el.p(
            "Press ",
            rx.el.kbd("/", class_name="kbd"),
            " to jump to a feature or to search explanations.",
            class_name="small faint hide-phone",
        ),
        class_name="stack lost fade-in",
        role="alert",
    )


def suggestion(one: rx.Var[Suggestion]) -> rx.Component:
    return rx.el.li(
        rx.el.a(one["words"], href=one["href"], class_name="link"),
        rx.el.span(one["note"], class_name="muted small"),
        class_name="spread",
    )


def failed(message: rx.Var[str] | str) -> rx.Component:
    """Something went wrong that is not the reader's fault; says what was kept."""
    return rx.el.div(message, class_name="notice rose", role="alert")


def skeleton_rows(count: int) -> rx.Component:
    """Grey lines in the places of rows that are being read."""
    return rx.el.div(
        *(rx.el.span(class_name="skel line", style={"width": f"{width}%"}) for width in skeleton_widths(count)),
        class_name="card-body",
        aria_hidden="true",
    )


def skeleton_widths(count: int) -> list[int]:
    return [(92, 78, 85, 64, 88, 71)[place % 6] for place in range(count)]
