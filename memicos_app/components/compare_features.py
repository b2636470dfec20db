"""Two features side by side: their dashboards, what they share, how alike they are, and both on one text."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, TypedDict

import reflex as rx
from reflex.event import EventSpec

from memicos_app.components.compare_address import LONGEST_TEXT, Compared
from memicos_app.components.empty import skeleton_rows
from memicos_app.components.feature_card import CardShown, feature_card, shown
from memicos_app.components.figures import count
from memicos_app.components.layout import card
from memicos_app.components.patience import patiently
from memicos_app.components.quick_test_form import quick_test_form
from memicos_app.components.rights import declares, inside, needs
from memicos_app.components.token_strip import StripGroup, pack, token, token_strip
from memicos_app.library import feature_comparison
from memicos_app.library.accounts.rights import Right
from memicos_app.library.activations import ActivationTest
from memicos_app.library.errors import LibraryError
from memicos_app.library.feature_comparison import Shared, Together

FORM = "compare-test"
SHOWN_EXAMPLES = 6


class SharedRow(TypedDict):
    """Tokens that both have."""

    name: str
    tokens: list[str]
    of: str


@declares(Right.READ)
class FeaturesState(rx.State):
    """The comparison of two features on screen."""

    loaded: bool = False
    cards: list[CardShown] = []
    shared: list[SharedRow] = []
    cosine: str = ""
    cosine_note: str = ""
    text: str = ""
    text_round: int = 0
    testing: bool = False
    test_problem: str = ""
    correlation: str = ""
    correlation_note: str = ""
    rows: list[StripGroup] = []
    _asked: Compared = Compared()

    @inside
    async def show(self, asked: Compared) -> None:
        """Read both; what the worker computes is asked for by an event of its own."""
        same = (asked.a, asked.b) == (self._asked.a, self._asked.b) and self.loaded
        if asked.text != self.text:
            self.text_round += 1
        if not same:
            kept = self.text_round
            self.reset()
            self.text_round = kept + 1
        self._asked, self.text = asked, asked.text
        self.testing, self.test_problem = bool(asked.text.strip()), ""
        if not self.testing:
            self.rows, self.correlation, self.correlation_note = [], "", ""
        if same:
            return
        first, second = asked.features()
        found = await feature_comparison.cards(first, second)
        self.cards = [with_fewer_examples(shown(at, found.get(at))) for at in (first, second)]
        if first in found and second in found:
            self.shared = [shared_row(one) for one in feature_comparison.shared_tokens(found[first], found[second])]
        self.loaded = True

    @rx.event(background=True, supersedes=True)
    @needs(Right.RUN)
    async def ask(self) -> AsyncIterator[None]:
        """Ask the worker for the cosine of their directions, then for both on the text; the latest address wins."""
        async with self:
            asked, known = self._asked, bool(self.cosine or self.cosine_note)
        first, second = asked.features()
        if not known:
            try:
                cosine = await patiently(lambda: feature_comparison.decoder_cosine(first, second), self._wait)
                await self._told(f"{cosine:.3f}", "")
            except LibraryError as error:
                await self._told("", error.message)
            yield
        if asked.text.strip():
            try:
                both = await patiently(lambda: feature_comparison.on_text(first, second, asked.text), self._tell)
            except LibraryError as error:
                await self._tell(error.message)
                both = None
            async with self:
                self.testing = False
                if both is not None and asked == self._asked:
                    self._tested(both)
        yield

    async def _told(self, cosine: str, note: str) -> None:
        async with self:
            self.cosine, self.cosine_note = cosine, note

    async def _wait(self, problem: str) -> None:
        await self._told("", problem.replace(" Your text is kept and searched as soon as it answers.", ""))

    async def _tell(self, problem: str) -> None:
        async with self:
            self.test_problem = problem

    def _tested(self, both: Together) -> None:
        self.test_problem = ""
        self.correlation = "" if both.correlation is None else f"{both.correlation:.3f}"
        self.correlation_note = both.problem or f"over {count(both.n_tokens)} tokens that count"
        self.rows = [strip("A", both.first), strip("B", both.second)]

    @rx.event
    def submit(self, form: dict[str, Any]) -> EventSpec:
        text = str(form.get("text", "")).strip()[:LONGEST_TEXT]
        return rx.redirect(replace(self._asked, text=text).address, replace=True)


def with_fewer_examples(one: CardShown) -> CardShown:
    return CardShown(**{**one, "examples": one["examples"][:SHOWN_EXAMPLES]})


def shared_row(one: Shared) -> SharedRow:
    fewer = min(one.n_first, one.n_second)
    return SharedRow(name=one.name, tokens=one.tokens, of=f"{len(one.tokens)} of {fewer}")


def strip(name: str, found: ActivationTest) -> StripGroup:
    special = [place for place, each in enumerate(found.tokens_is_special) if each]
    row = pack(found.tokens, found.values, peak=found.max_value_token_index, special=special)
    return StripGroup(title=name, note=f"max {found.max_value:.2f}", rows=[row])


def compared_features() -> rx.Component:
    return rx.cond(
        FeaturesState.loaded,
        rx.el.div(
            rx.el.div(
                rx.el.section(
                    rx.el.div(
                        stat(FeaturesState.cosine, "cosine of their decoder directions", FeaturesState.cosine_note),
                        stat(
                            FeaturesState.correlation,
                            "correlation on your text",
                            rx.cond(
                                FeaturesState.correlation_note != "",
                                FeaturesState.correlation_note,
                                "type a text below",
                            ),
                        ),
                        class_name="stats",
                    ),
                    class_name="card",
                ),
                shared_card(),
                class_name="compare-grid",
            ),
            text_card(),
            rx.el.div(rx.foreach(FeaturesState.cards, side), class_name="compare-grid"),
            class_name="stack",
        ),
        card(skeleton_rows(10)),
    )


def stat(figure: rx.Var[str], words: str, note: rx.Var[str]) -> rx.Component:
    return rx.el.div(
        rx.el.b(rx.cond(figure != "", figure, "–")),
        rx.el.p(words, class_name="small muted"),
        rx.el.p(note, class_name="small faint iso"),
        aria_live="polite",
        class_name="stat",
    )


def shared_card() -> rx.Component:
    return card(
        rx.cond(
            FeaturesState.shared.length() > 0,
            rx.el.dl(rx.foreach(FeaturesState.shared, shared_tokens), class_name="card-body stack tight"),
            rx.el.p("Both need a dashboard here to be compared token by token.", class_name="card-body small faint"),
        ),
        title="Tokens they share",
    )


def shared_tokens(one: rx.Var[SharedRow]) -> rx.Component:
    return rx.el.div(
        rx.el.dt(one["name"], " ", rx.el.span(one["of"], class_name="faint num"), class_name="label"),
        rx.el.dd(
            rx.foreach(one["tokens"], lambda text: token(text=text, value=0, max=1, signed=False)),
            rx.cond(one["tokens"].length() == 0, rx.el.span("none", class_name="small faint")),
            class_name="shared-tokens",
        ),
    )


def text_card() -> rx.Component:
    return rx.el.section(
        quick_test_form(FeaturesState, FORM, "both", LONGEST_TEXT),
        rx.cond(
            FeaturesState.test_problem != "",
            rx.el.p(FeaturesState.test_problem, role="alert", class_name="notice amber test-problem iso"),
        ),
        rx.cond(
            FeaturesState.rows.length() > 0,
            rx.el.div(
                token_strip(groups=FeaturesState.rows, layout="full", breaks=False, expandable=False, max_value=0.0),
                class_name="both-rows",
            ),
        ),
        aria_label="Test a text on both features",
        class_name="card",
    )


def side(one: rx.Var[CardShown]) -> rx.Component:
    return rx.el.section(feature_card(one), class_name="card")
