"""Contrastive search: the features that tell two texts, or two sets of texts, apart."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import reflex as rx
from reflex.event import EventSpec

from memicos_app.components.contrast_asked import ContrastAsked
from memicos_app.components.contrast_form import MEASURE_WORDS, SWAP, contrast_form, fields_of, texts_of
from memicos_app.components.contrast_rows import LIMIT, ContrastRow, contrast_rows, told, whole_texts
from memicos_app.components.contrast_table import side_card
from memicos_app.components.empty import empty
from memicos_app.components.layout import card, page
from memicos_app.components.patience import patiently
from memicos_app.components.rights import declares, needs
from memicos_app.components.search_ways import search_ways
from memicos_app.components.source_choice import SourceChoice, offered, source_choice
from memicos_app.components.test_result import took
from memicos_app.components.text_asked import DENSE
from memicos_app.components.text_form import switch, told_problem
from memicos_app.components.token_strip import StripGroup
from memicos_app.library import contrast, inference_search
from memicos_app.library.accounts.rights import Right
from memicos_app.library.contrast import MAX_SIDE, MEASURES, Contrast
from memicos_app.library.errors import LibraryError
from memicos_app.library.feature_facts import with_dashboards
from memicos_app.settings import get_settings

EXAMPLES = (
    (
        "French and English",
        ContrastAsked(
            first=("Le traité fut signé à Paris.", "Il fait très beau aujourd'hui."),
            second=("The treaty was signed in Paris.", "The weather is very fine today."),
            measure="mean",
        ),
    ),
    (
        "Praise and blame",
        ContrastAsked(
            first=("What a wonderful film, I loved every minute of it.",),
            second=("What a dreadful film, I hated every minute of it.",),
        ),
    ),
    (
        "Code and prose",
        ContrastAsked(
            first=("def add(a, b):\n    return a + b",),
            second=("To add two numbers, write one below the other.",),
            measure="mean",
        ),
    ),
)


@declares(Right.READ)
class ContrastState(rx.State):
    """The texts of the address, how they are compared, and what tells them apart."""

    first: list[str] = [""]
    second: list[str] = [""]
    text_round: int = 0
    sets: list[str] = []
    set_name: str = ""
    sources: list[SourceChoice] = []
    measure: str = "peak"
    dense: bool = False
    first_rows: list[ContrastRow] = []
    second_rows: list[ContrastRow] = []
    opened: str = ""
    opened_texts: list[StripGroup] = []
    summary: str = ""
    took: str = ""
    asks: bool = False
    """Whether both sides have a text."""
    busy: bool = False
    searched: bool = False
    problem: str = ""
    loaded: bool = False
    _asked: ContrastAsked = ContrastAsked()
    _chosen: tuple[str, ...] = ()
    _found: Contrast | None = None

    @rx.event
    def load(self) -> EventSpec:
        """Take over what the address asks for, then search."""
        asked = ContrastAsked.of(self.router.url.query_parameters)
        if (asked.first, asked.second) != (self._asked.first, self._asked.second) or not self.loaded:
            self.text_round += 1
            self.first, self.second = fields_of(asked.first), fields_of(asked.second)
            self.first_rows, self.second_rows, self.searched = [], [], False
        self._asked, self.measure, self.dense = asked, asked.measure, asked.dense
        self.asks = self.busy = asked.is_complete
        self.opened, self.opened_texts, self.problem, self.loaded = "", [], "", True
        return ContrastState.run()

    @rx.event(background=True, supersedes=True)
    @needs(Right.RUN)
    async def run(self) -> AsyncIterator[None]:
        """Learn what can be searched, then compare; the latest address wins."""
        async with self:
            asked = self._asked
        model_id = asked.model_id or get_settings().model_id.rpartition("/")[2]
        try:
            served = await patiently(lambda: inference_search.served_sets(model_id), self._tell)
            ready = await with_dashboards(model_id)
            async with self:
                self.sets = sorted(served)
                self.set_name, self._chosen, self.sources = offered(served, ready, asked.set_name, asked.source_ids)
                asked = replace(asked, set_name=self.set_name, source_ids=self._chosen)
            yield
            if asked.is_complete:
                began = time.perf_counter()
                found = await patiently(lambda: search(asked, model_id), self._tell)
                async with self:
                    self._show(found, time.perf_counter() - began)
        except LibraryError as error:
            async with self:
                self.busy, self.problem, self.searched = False, error.message, False
                self.first_rows, self.second_rows = [], []

    async def _tell(self, problem: str) -> None:
        async with self:
            self.problem = problem

    def _show(self, found: Contrast, seconds: float) -> None:
        self._found = found
        self.first_rows, self.second_rows = contrast_rows(found)
        self.summary, self.took = told(found), took(seconds)
        self.busy, self.problem, self.searched = False, "", True

    @rx.event
    def submit(self, form: dict[str, Any]) -> EventSpec | None:
        """Compare the texts that are typed, or their sides changed over; both sides need one."""
        asked = self._asked.asking(texts_of(form, "first"), texts_of(form, "second"))
        asked = asked.swapped() if form.get(SWAP) else asked
        if not asked.is_complete:
            self.problem = "Each side needs a text."
            return None
        return rx.redirect(asked.address)

    @rx.event
    def add(self, side: str) -> None:
        """Another field for a text; what is typed in the others stays."""
        fields = self.first if side == "first" else self.second
        if len(fields) < MAX_SIDE:
            fields.append("")

    @rx.event
    def choose_measure(self, measure: str) -> EventSpec:
        chosen = next((one for one in MEASURES if one == measure), self._asked.measure)
        return self._change(replace(self._asked, measure=chosen))

    @rx.event
    def choose_set(self, name: str) -> EventSpec:
        return self._change(replace(self._asked, set_name=name, source_ids=()))

    @rx.event
    def choose_source(self, source_id: str) -> EventSpec:
        return self._change(self._asked.with_source(source_id, self._chosen))

    @rx.event
    def hide_dense(self, hide: bool) -> EventSpec:
        return self._change(replace(self._asked, dense=not hide))

    def _change(self, asked: ContrastAsked) -> EventSpec:
        return rx.redirect(asked.address, replace=True)

    @rx.event
    def open(self, key: str) -> None:
        """Show all texts of a feature; the same again closes them."""
        self.opened = "" if self.opened == key else key
        self.opened_texts = whole_texts(self._found, key) if self._found and self.opened else []


async def search(asked: ContrastAsked, model_id: str) -> Contrast:
    """What the address asks for."""
    return await contrast.contrast(
        model_id,
        asked.set_name,
        asked.first,
        asked.second,
        source_ids=asked.source_ids,
        measure=asked.measure,
        density=0.0 if asked.dense else DENSE,
        limit=LIMIT,
    )


@rx.page(route="/search-contrast", title="Contrast · MemicOS", on_load=ContrastState.load)
def contrast_page() -> rx.Component:
    state = ContrastState
    return page(
        rx.el.div(rx.el.h1("Contrast", class_name="title"), search_ways("contrast"), class_name="spread wrap"),
        rx.el.p("The features that tell two texts, or two sets of texts, apart.", class_name="muted lead"),
        contrast_form(state.first, state.second, state.text_round, state.busy, state.submit, state.add, *settings()),
        told_problem(state.problem, state.busy),
        rx.cond(state.loaded & ~state.asks, hint(), results()),
        active="search",
    )


def settings() -> list[rx.Component]:
    state = ContrastState
    return [
        *source_choice(state.sets, state.set_name, state.sources, state.choose_set, state.choose_source),
        rx.el.div(
            rx.el.span("Compare", class_name="label"),
            rx.el.div(*[measure_button(name, *words) for name, words in MEASURE_WORDS.items()], class_name="seg"),
            class_name="row",
        ),
        switch(
            "Hide dense features",
            ~state.dense,
            state.hide_dense,
            "Leave out features that fire on more than 1 % of all tokens",
        ),
    ]


def measure_button(name: str, words: str, told: str) -> rx.Component:
    return rx.el.button(
        words,
        type="button",
        title=told,
        aria_pressed=ContrastState.measure == name,
        on_click=ContrastState.choose_measure(name),
    )


def results() -> rx.Component:
    state = ContrastState
    shared = (state.searched, state.busy, state.opened, state.opened_texts, state.open)
    return rx.el.div(
        rx.el.p(
            rx.cond(
                state.searched,
                rx.fragment(
                    rx.el.span(state.summary),
                    rx.el.span(state.took, class_name="chip"),
                    rx.el.span("d: the difference of both sides’ means, by the spread within the sides"),
                ),
            ),
            aria_live="polite",
            class_name="meta",
        ),
        rx.el.div(
            side_card("More on the first side", state.first_rows, *shared),
            side_card("More on the second side", state.second_rows, *shared),
            class_name="grid-2 wide",
        ),
        class_name="found contrast",
    )


def hint() -> rx.Component:
    tried = [rx.el.a(words, href=asked.address, class_name="btn small") for words, asked in EXAMPLES]
    return card(
        empty(
            "Give a text on either side",
            "Several texts a side show what they have in common, and not only what one of them is about.",
            rx.el.div(*tried, class_name="row wrap"),
        )
    )
