"""What a language model is asked with: the words of a prompt, its examples and its version."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypedDict

import reflex as rx

from memicos_app.components.feature_display import Shown
from memicos_app.components.layout import card
from memicos_app.library.autointerp.prompts import Prompt


class Turn(TypedDict):
    """One of the examples that go before the question."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class PromptShown:
    """A prompt as a page shows it; no version: there is none."""

    version: str = ""
    file: str = ""
    system: str = ""
    user: str = ""
    shots: list[Turn] = field(default_factory=list)
    settings: str = ""


def prompt_shown(one: Prompt | None) -> PromptShown:
    if one is None:
        return PromptShown()
    number = one.version.partition("+")[0]
    return PromptShown(
        version=one.version,
        file=f"prompts/{one.name}.v{number}.toml",
        system=one.system,
        user=one.user,
        shots=[Turn(question=question, answer=answer) for question, answer in one.shots],
        settings=f"temperature {one.temperature:g}, at most {one.max_tokens} tokens of answer",
    )


def prompt_card(shown: Shown[PromptShown]) -> rx.Component:
    """The words in force now; explanations and scores say which version they were made with."""
    return rx.cond(
        shown.version != "",
        card(
            rx.el.div(
                rx.el.p(
                    "Version ",
                    rx.el.code(shown.version, class_name="code inline"),
                    ", ",
                    shown.settings,
                    ". The words are in ",
                    rx.el.code(shown.file, class_name="code inline"),
                    " and may be changed: docs/explain.md says how.",
                    class_name="small muted",
                ),
                part("What it is told", shown.system),
                rx.cond(
                    shown.shots.length() > 0,
                    rx.el.details(
                        rx.el.summary(
                            "Examples that go before (", shown.shots.length(), ")", class_name="label prompt-shots"
                        ),
                        rx.foreach(
                            shown.shots,
                            lambda one: rx.fragment(
                                rx.el.pre(one["question"], class_name="code wrapped iso"),
                                rx.el.pre(one["answer"], class_name="code wrapped iso prompt-answer"),
                            ),
                        ),
                    ),
                ),
                part("What it is asked", shown.user),
                class_name="card-body stack",
            ),
            title="Prompt",
        ),
    )


def part(label: str, text: rx.Var[str]) -> rx.Component:
    return rx.el.div(
        rx.el.h3(label, class_name="label"), rx.el.pre(text, class_name="code wrapped iso"), class_name="field"
    )
