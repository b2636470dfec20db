"""A list of features out of the address: nothing is stored, and the link is the list."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypedDict
from urllib.parse import urlencode

import reflex as rx
from reflex.event import EventSpec

from memicos_app.components.copy_button import copy_button
from memicos_app.components.empty import empty, failed, skeleton_rows
from memicos_app.components.feature_address import TEST_TEXT, embedded_alive
from memicos_app.components.feature_card import CardShown, feature_card, shown
from memicos_app.components.layout import page
from memicos_app.components.own_row import NOTHING, OwnRow, own_row
from memicos_app.components.patience import patiently
from memicos_app.components.quick_keep import QuickKeeping, keep_button
from memicos_app.components.quick_test_form import quick_test_form
from memicos_app.components.rights import declares, needs
from memicos_app.components.token_preview import token_preview
from memicos_app.components.visible_text import one_line
from memicos_app.library import list_tests, quick_lists
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import LibraryError
from memicos_app.library.feature_cards import feature_cards
from memicos_app.library.list_tests import ListTest
from memicos_app.library.quick_lists import Entry, FeatureAddress

PATH, FORM = "/quick-list", "quick-test"
EXAMPLE = '/quick-list?name=My list&features=["smollm2-135m-it/15-res-4k/10",12,40]'


@dataclass(frozen=True, slots=True)
class ListAsked:
    """What the address of a quick list holds."""

    name: str = ""
    features: str = ""
    text: str = ""

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> ListAsked:
        """Out of the parameters of an address."""
        return cls(
            str(parameters.get("name", "")).strip()[:200],
            str(parameters.get("features", "")),
            str(parameters.get(TEST_TEXT, "")).strip()[: list_tests.LONGEST],
        )

    @property
    def address(self) -> str:
        """The address that asks for it."""
        parts = {"name": self.name, "features": self.features, TEST_TEXT: self.text}
        query = urlencode({name: part for name, part in parts.items() if part})
        return f"{PATH}?{query}" if query else PATH


class QuickCard(TypedDict):
    """A card of the list with its answer to the text."""

    card: CardShown
    own: OwnRow
    problem: str


@declares(Right.READ)
class QuickListState(QuickKeeping, rx.State):
    """The list of the address, and what its features do on a text."""

    cards: list[QuickCard] = []
    loaded: bool = False
    problem: str = ""
    text_round: int = 0
    testing: bool = False
    test_problem: str = ""
    _asked: ListAsked = ListAsked()

    @rx.var
    def title(self) -> str:
        return f"{self.name or 'Quick list'} · MemicOS"

    @rx.var
    def count(self) -> str:
        return f"{len(self.cards)} feature{'s' * (len(self.cards) != 1)}"

    @rx.event
    async def load(self) -> AsyncIterator[Any]:
        """Read the list that the address holds, then run its features on the text that it brings."""
        asked = ListAsked.of(self.router.url.query_parameters)
        if asked.text != self._asked.text or not self.loaded:
            self.text_round += 1
        same = asked.features == self._asked.features and self.loaded
        self._asked, self.name, self.text, self.problem = asked, one_line(asked.name, 200), asked.text, ""
        try:
            if not same:
                self._entries = quick_lists.read(asked.features)
                await self._read()
        except LibraryError as error:
            self.problem, self._entries, self.cards = error.message, [], []
        self.loaded = True
        self.testing, self.test_problem = bool(asked.text and self.cards), ""
        yield QuickListState.run_test()

    async def _read(self) -> None:
        known = await feature_cards(one.address for one in self._entries)
        self.cards = [
            QuickCard(card=shown(one.address, known.get(one.address), one.description), own=NOTHING, problem="")
            for one in self._entries
        ]

    @rx.event(background=True, supersedes=True)
    @needs(Right.RUN)
    async def run_test(self) -> AsyncIterator[None]:
        """Run every feature on the text; each source's answers are shown as they come."""
        async with self:
            text, wanted = self._asked.text, [one.address for one in self._entries]
            self.cards = [QuickCard(card=one["card"], own=NOTHING, problem="") for one in self.cards]
        if text and wanted:
            try:
                await patiently(lambda: self._run(wanted, text), self._tell)
                await self._tell("")
            except LibraryError as error:
                await self._tell(error.message)
        async with self:
            self.testing = False
        yield

    async def _run(self, wanted: list[FeatureAddress], text: str) -> None:
        async for found in list_tests.tested(wanted, text):
            async with self:
                self.cards = [self._answered(one, found) for one in self.cards]

    async def _tell(self, problem: str) -> None:
        async with self:
            self.test_problem = problem

    def _answered(self, one: QuickCard, found: ListTest) -> QuickCard:
        address = FeatureAddress.of(one["card"]["key"])
        if (address.model_id, address.source_id) != (found.model_id, found.source_id):
            return one
        own = NOTHING if found.problem else own_row(found.tokens, found.values[address.index])
        return QuickCard(card=one["card"], own=own, problem=found.problem)

    @rx.event
    def remove(self, key: str) -> EventSpec:
        """Take a feature out; the address follows."""
        return self._change([one for one in self._entries if str(one.address) != key])

    @rx.event
    def move(self, key: str, step: int) -> EventSpec | None:
        """Put a feature before or behind its neighbour; the address follows."""
        entries = list(self._entries)
        at = next((place for place, one in enumerate(entries) if str(one.address) == key), -1)
        if at < 0 or not 0 <= at + step < len(entries):
            return None
        entries.insert(at + step, entries.pop(at))
        return self._change(entries)

    @rx.event
    def submit(self, form: dict[str, Any]) -> EventSpec:
        """Test the text on all of them."""
        return rx.redirect(replace(self._asked, text=str(form.get("text", "")).strip()).address, replace=True)

    @rx.event
    def rename(self, name: str) -> EventSpec:
        return rx.redirect(replace(self._asked, name=name.strip()[:200]).address, replace=True)

    def _change(self, entries: list[Entry]) -> EventSpec:
        return rx.redirect(replace(self._asked, features=quick_lists.written(entries)).address, replace=True)


@rx.page(route=PATH, title=QuickListState.title, on_load=QuickListState.load)
def quick_list_page() -> rx.Component:
    return page(
        head(),
        rx.cond(QuickListState.problem != "", failed(QuickListState.problem)),
        rx.cond(
            QuickListState.loaded,
            rx.cond(QuickListState.cards.length() > 0, rx.fragment(test_form(), cards()), nothing()),
            rx.el.div(skeleton_rows(12), class_name="card"),
        ),
        active="lists",
        embed=embedded_alive(),
    )


def head() -> rx.Component:
    return rx.el.div(
        rx.el.div(
            rx.el.h1(rx.cond(QuickListState.name != "", QuickListState.name, "Quick list"), class_name="title iso"),
            rx.el.p(QuickListState.count, " · the address is the list: nothing is stored", class_name="muted small"),
        ),
        rx.cond(
            QuickListState.cards.length() > 0,
            rx.el.div(
                keep_button(QuickListState),
                copy_button(text="", label="Copy link", class_name="btn"),
                class_name="row wrap",
            ),
        ),
        class_name="spread wrap quick-head",
    )


def test_form() -> rx.Component:
    return rx.el.section(
        quick_test_form(QuickListState, FORM, "all features", list_tests.LONGEST),
        rx.cond(
            QuickListState.test_problem != "",
            rx.el.p(QuickListState.test_problem, role="alert", class_name="notice amber test-problem iso"),
        ),
        aria_label="Test a text on all features",
        class_name="card",
        style={"margin_bottom": "14px"},
    )


def cards() -> rx.Component:
    return rx.el.ol(rx.foreach(QuickListState.cards, item), data_list="", class_name="card card-rows quick-cards")


def item(one: rx.Var[QuickCard]) -> rx.Component:
    card = one["card"]
    return rx.el.li(
        feature_card(
            card,
            button("↑", "Move up", QuickListState.move(card["key"], -1)),
            button("↓", "Move down", QuickListState.move(card["key"], 1)),
            button("×", "Remove from the list", QuickListState.remove(card["key"])),
            extra=own_text(one),
        ),
        key=card["key"],
    )


def button(sign: str, label: str, event: Any) -> rx.Component:
    return rx.el.button(
        sign, type="button", aria_label=label, title=label, on_click=event, class_name="btn quiet small icon"
    )


def own_text(one: rx.Var[QuickCard]) -> rx.Component:
    own = one["own"]
    return rx.fragment(
        rx.cond(one["problem"] != "", rx.el.p(one["problem"], class_name="small warn-text iso")),
        rx.cond(
            own["strongest"] != "",
            rx.el.div(
                rx.el.b(own["strongest"], title="Largest activation on your text"),
                token_preview(own["strip"]),
                class_name="fc-own",
            ),
        ),
    )


def nothing() -> rx.Component:
    return rx.el.section(
        empty(
            "This list is empty",
            "Its features stand in the address, as a JSON list. Selections on maps and in searches lead here.",
            rx.el.pre(EXAMPLE, class_name="code"),
        ),
        class_name="card",
    )
