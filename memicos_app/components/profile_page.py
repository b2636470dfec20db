"""The frame of a person's pages: who it is, the ways between them, and what is shown when nobody goes by the name."""

from __future__ import annotations

import reflex as rx

from memicos_app.components.empty import Suggestion, failed, not_found, skeleton_rows
from memicos_app.components.feature_address import is_this_page
from memicos_app.components.layout import page
from memicos_app.components.profile import ProfileState, profile_tabs

ELSEWHERE = [Suggestion(words="Home", note="models and their features", href="/")]


def profile_page(section: str, *content: rx.Component) -> rx.Component:
    """A page of a person; `section` is the part of its address behind the name."""
    return page(
        rx.match(
            rx.cond(is_this_page(ProfileState.arrived), ProfileState.phase, ""),
            ("ready", rx.fragment(who(section), *content)),
            ("missing", not_found("No such person here", ProfileState.problem, ELSEWHERE)),
            ("failed", failed(ProfileState.problem)),
            rx.el.div(skeleton_rows(8), class_name="card"),
        ),
        active="lists" if section == "lists" else "",
    )


def who(section: str) -> rx.Component:
    return rx.el.header(
        rx.el.div(
            rx.el.h1(ProfileState.shown_name, class_name="title iso"),
            rx.el.p("joined ", ProfileState.joined, class_name="small muted"),
            rx.cond(ProfileState.bio != "", rx.el.p(ProfileState.bio, class_name="iso")),
        ),
        profile_tabs(section),
        class_name="spread wrap profile-head",
    )
