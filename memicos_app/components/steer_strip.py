"""The strip of the steer page that compares strengths: one prompt and one seed at five multiples, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any, TypeAlias, TypedDict

import reflex as rx

from memicos_app.components.layout import card
from memicos_app.components.rights import declares, needs
from memicos_app.library import steer_runs
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import LibraryError
from memicos_app.library.side_by_side import Wish
from memicos_app.library.steering import SteerText

Var: TypeAlias = Any
Handler: TypeAlias = Any
MULTIPLES = {"−2×": -2.0, "−1×": -1.0, "0": 0.0, "1×": 1.0, "2×": 2.0}
TOKENS = 24


class StripText(TypedDict):
    """One text; `label` is its factor on every strength, for example `−2×`."""

    label: str
    text: str
    done: bool


@declares(Right.READ)
class SteerStrip(rx.State, mixin=True):
    """Five short texts; the page that mixes this in says with `_wish` what is asked."""

    strip: list[StripText] = []
    problem: str = ""
    _compared: list[SteerText] = []

    def _wish(self) -> Wish | None:
        raise NotImplementedError

    @rx.event(background=True, supersedes=True)
    @needs(Right.RUN)
    async def compare(self) -> None:
        """Write the five texts, generated together."""
        async with self:
            wish = self._wish()
            if wish is None:
                return
            request = replace(wish.request, n_tokens=min(TOKENS, wish.request.n_tokens), n_logprobs=0)
            self.strip = [StripText(label=label, text="", done=False) for label in MULTIPLES]
        try:
            async with aclosing(steer_runs.sweep(request, list(MULTIPLES.values()))) as frames:
                async for texts in frames:
                    async with self:
                        self._compare(texts)
        except LibraryError as error:
            async with self:
                self.problem, self.strip = error.message, []

    def _compare(self, texts: Sequence[SteerText]) -> None:
        self._compared = list(texts)
        self.strip = [
            StripText(label=label, text=one.text.lstrip(), done=bool(one.finish_reason))
            for label, one in zip(MULTIPLES, texts, strict=True)
        ]


def strip_text(item: Var) -> rx.Component:
    return rx.el.div(
        rx.el.h3(item["label"], class_name="small num"),
        rx.el.p(item["text"], class_name=rx.cond(item["done"], "iso", "iso streaming")),
    )


def strip(items: Var, *, on_run: Handler, features: Var) -> rx.Component:
    """The five texts, or what the button does."""
    return card(
        rx.cond(
            items.length() > 0,
            rx.el.div(rx.foreach(items, strip_text), class_name="steer-strip", aria_live="polite"),
            rx.el.p(
                "Runs the prompt at −2×, −1×, 0, 1× and 2× the strengths above, with one seed.",
                class_name="card-body small muted",
            ),
        ),
        title="Compare strengths",
        aside=rx.el.button(
            "Compare",
            type="button",
            on_click=on_run,
            aria_disabled=features.length() == 0,
            data_key="x",
            data_key_label="compare five strengths",
            class_name="btn small",
        ),
    )
