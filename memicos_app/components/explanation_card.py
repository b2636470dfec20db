"""All explanations of a feature: how each was made and scored, what may be done with it, and ways to another one."""

from __future__ import annotations

from typing import Any

import reflex as rx

from memicos_app.components.ask_form import explain_button, explain_form, score_form
from memicos_app.components.explanation_lines import ExplanationLine
from memicos_app.components.explanation_title import PLACE, made_by
from memicos_app.components.explanation_votes import vote_arrows
from memicos_app.components.feature_display import FeatureDisplay, Shown
from memicos_app.components.invitation import invitation
from memicos_app.components.layout import card
from memicos_app.components.own_words import change_form, words_form
from memicos_app.components.person_state import PersonState
from memicos_app.components.report_dialog import report_button


def explanation_card(feature: Shown[FeatureDisplay], state: type[Any]) -> rx.Component:
    """The card; `state` mixes in `OwnWords`, `AskModel`, `ScoreDialog` and `Voting`."""
    return rx.el.div(
        card(
            rx.cond(
                feature.explained,
                rx.el.ul(
                    rx.foreach(feature.explanations, lambda one: explanation_item(one, state)), class_name="card-rows"
                ),
                rx.el.p("Nobody has said yet what this feature means.", class_name="card-body muted small"),
            ),
            rx.cond(state.may_edit, explain_form(state)),
            rx.cond(PersonState.may_write, words_form(state), invitation("vote, or to say it in your own words")),
            title="Explanations",
            aside=rx.cond(state.may_edit, explain_button(state), rx.fragment()),
            class_name="explanations",
        ),
        id=PLACE,
    )


def explanation_item(line: Shown[ExplanationLine], state: type[Any]) -> rx.Component:
    return rx.el.li(
        rx.cond(
            may_change(line, state) & (state.changing == line.id),
            change_form(state, line.text),
            rx.el.p(line.text, class_name="iso"),
        ),
        rx.el.div(made_by(line, state.open_score), class_name="row wrap tiny muted"),
        rx.cond(line.notes != "", rx.el.p(line.notes, class_name="tiny faint iso")),
        rx.el.div(*verbs(line, state), class_name="row wrap small explanation-verbs"),
        rx.cond(state.may_edit & (state.asking_for == line.id), score_form(state)),
        key=line.id,
        class_name=rx.cond(state.fresh == line.id, "fresh", ""),
    )


def verbs(line: Shown[ExplanationLine], state: type[Any]) -> list[rx.Component]:
    """What can be done with an explanation."""
    return [
        vote_arrows(line, state),
        rx.el.a("More like this", href=line.like_href, class_name="link"),
        rx.cond(
            state.may_edit,
            rx.cond(
                state.asking_for == line.id,
                verb("Close", state.open_asking(""), line),
                verb("Judge", state.open_asking(line.id), line),
            ),
        ),
        rx.cond(may_change(line, state), verb("Change", state.change(line.id), line)),
        rx.cond(
            line.made_here & (state.may_edit | (PersonState.may_write & line.own)),
            rx.cond(
                state.deleting == line.id,
                rx.fragment(
                    verb("Delete for good", state.delete_explanation, line, look="btn small"),
                    verb("Keep", state.ask_delete(""), line, look="btn small quiet"),
                ),
                verb("Delete", state.ask_delete(line.id), line),
            ),
        ),
        rx.cond(PersonState.may_write & ~line.own.bool(), report_button("explanation", line.id, line.text)),
    ]


def may_change(line: Shown[ExplanationLine], state: type[Any]) -> rx.Var[bool]:
    """Whether its words can be: by whoever wrote them, and by administrators."""
    return PersonState.may_write & (line.own | (state.may_edit & line.by_hand))


def verb(words: str, on_click: Any, line: Shown[ExplanationLine], *, look: str = "link") -> rx.Component:
    return rx.el.button(
        words, type="button", on_click=on_click, aria_label=f"{words}: " + line.text.to(str), class_name=look
    )
