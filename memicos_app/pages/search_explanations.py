"""Search by explanation: features by what they mean, in words or like another explanation, while one types."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import reflex as rx
from reflex.event import EventSpec

from memicos_app.components.empty import failed
from memicos_app.components.explanation_filters import (
    Bound,
    Chip,
    Choice,
    bounds_shown,
    chips,
    set_of,
    source_choices,
    toggled,
    where_choices,
)
from memicos_app.components.explanation_result_list import hint, results
from memicos_app.components.explanation_results import ResultCard, as_list, results_of
from memicos_app.components.explanation_search_box import box, filters, like_line, places
from memicos_app.components.explanations_asked import BOUNDED, ExplanationsAsked, layers_of, layers_text
from memicos_app.components.explanations_found import found_so_far, lacks_vectors, search, told, used
from memicos_app.components.feature_address import embedded_alive
from memicos_app.components.layout import page
from memicos_app.components.rights import declares, needs
from memicos_app.components.search_ways import search_ways
from memicos_app.components.source_choice import SourceChoice
from memicos_app.components.test_result import took
from memicos_app.components.typed import followed
from memicos_app.components.visible_text import one_line
from memicos_app.library import embedders
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import LibraryError
from memicos_app.library.explanation_details import explained
from memicos_app.library.explanation_search import Page
from memicos_app.library.explanation_search.asked import WAYS
from memicos_app.library.search_choices import SearchChoices, search_choices


@declares(Right.READ)
class SearchState(rx.State):
    """What the address asks for, what can be asked for, and the results so far."""

    words: str = ""
    box: int = 0
    fields: int = 0
    like: str = ""
    """The explanation whose like is looked for; empty where words are."""
    way: str = "hybrid"
    where: str = "all"
    wheres: list[Choice] = [Choice(value="all", words="All models")]
    set_name: str = ""
    sets: list[Choice] = []
    sources: list[SourceChoice] = []
    kinds: list[Choice] = []
    kind: str = ""
    explainers: list[Choice] = []
    explainer: str = ""
    layers: str = ""
    bounds: list[Bound] = bounds_shown(ExplanationsAsked())
    chips: list[Chip] = []
    clear_href: str = ""
    filters_open: bool = False
    rows: list[ResultCard] = []
    summary: str = ""
    used: str = ""
    took: str = ""
    list_href: str = ""
    """The features so far as a list of their own."""
    note: str = ""
    lacks_vectors: bool = False
    problem: str = ""
    asks: bool = False
    loaded: bool = False
    busy: bool = False
    more_follow: bool = False
    more_busy: bool = False
    _asked: ExplanationsAsked = ExplanationsAsked()
    _choices: SearchChoices | None = None
    _typed: list[str] = [""]
    _cursor: str = ""
    _serial: int = 0

    @rx.var
    def title(self) -> str:
        about = self.like or self.words
        return f"“{one_line(about, 60)}” · MemicOS" if about else "Search explanations · MemicOS"

    @rx.event
    def load(self) -> EventSpec:
        """Take over what the address asks for, then search."""
        embedders.warm_soon()
        asked = ExplanationsAsked.of(self.router.url.query_parameters)
        self._typed, elsewhere = followed(self._typed, asked.query)
        self.box += elsewhere
        if asked != self._asked:
            self._serial += 1
            self.more_follow = self.more_busy = False
        self._asked, self.words, self.way, self.where = asked, asked.query, asked.way, asked.scope_name
        self.asks = self.busy = asked.is_asking
        self.like = self.like if asked.like else ""
        self.problem = ""
        return SearchState.run()

    @rx.event(background=True, supersedes=True)
    @needs(Right.RUN)
    async def run(self) -> AsyncIterator[None]:
        """Learn what can be chosen, then search; the latest address wins."""
        async with self:
            asked = self._asked
        began = time.perf_counter()
        try:
            choices = await search_choices("" if asked.release else asked.model_id)
            like = one_line((await explained(asked.like)).explanation.description) if asked.like else ""
            async with self:
                self._offer(choices, asked, like)
            yield
            if asked.is_asking:
                async for found in found_so_far(asked):
                    rows, lacks = await results_of(found, asked), await lacks_vectors(found, asked)
                    async with self:
                        self.rows, self.took, self.lacks_vectors = rows, took(time.perf_counter() - began), lacks
                        self.loaded = True
                        self._tell(found)
                    yield
        except LibraryError as error:
            async with self:
                self.rows, self.problem, self.more_follow = [], error.message, False
        async with self:
            self.busy, self.loaded = False, True

    def _offer(self, choices: SearchChoices, asked: ExplanationsAsked, like: str) -> None:
        """Show where one can look, and which filters are set."""
        self._choices, self.like = choices, like
        self.wheres = where_choices(choices, asked)
        self.set_name = set_of(choices, asked)
        self.sets = [Choice(value=name, words=name) for name in choices.sources]
        self.sources = source_choices(choices, asked, self.set_name)
        self.kinds = [Choice(value=name, words=words) for name, words in choices.types]
        self.explainers = [Choice(value=name, words=name) for name in choices.explainers]
        self.kind, self.explainer = "".join(asked.types[:1]), "".join(asked.explainers[:1])
        self.chips, self.clear_href = chips(asked, dict(choices.types)), asked.unfiltered().address
        layers, bounds = layers_text(asked.layers), bounds_shown(asked)
        if (layers_of(self.layers), self.bounds) != (asked.layers, bounds):
            self.fields += 1
        self.layers, self.bounds = layers, bounds

    def _tell(self, found: Page) -> None:
        """Say how much was found and how."""
        self._cursor, self.more_follow, self.more_busy = found.cursor or "", found.cursor is not None, False
        self.summary, self.used = told(len(self.rows), more=self.more_follow), used(found)
        self.note = found.note.replace("`", "")
        self.list_href = as_list(self.like or self.words, self.rows)

    @rx.event(background=True)
    @needs(Right.RUN)
    async def more(self) -> None:
        """Add the results that follow, unless something else is asked for meanwhile."""
        async with self:
            if self.more_busy or not self._cursor:
                return
            asked, cursor, serial, self.more_busy = self._asked, self._cursor, self._serial, True
        try:
            found = await search(asked, cursor)
            rows = await results_of(found, asked)
            async with self:
                if serial == self._serial:
                    self.rows += rows
                    self._tell(found)
        except LibraryError as error:
            async with self:
                if serial == self._serial:
                    self.problem, self.more_follow, self.more_busy = error.message, False, False

    @rx.event
    def type(self, words: str) -> EventSpec:
        asked = self._asked.asking(words)
        self._typed = [*self._typed, asked.query]
        return self._change(asked)

    @rx.event
    def submit(self, form: dict[str, Any]) -> EventSpec:
        return SearchState.type(str(form.get("q", "")))

    @rx.event
    def choose_way(self, way: str) -> EventSpec:
        return self._change(replace(self._asked, way=next((one for one in WAYS if one == way), "hybrid")))

    @rx.event
    def choose_where(self, where: str) -> EventSpec:
        return self._change(self._asked.within(where))

    @rx.event
    def choose_set(self, name: str) -> EventSpec:
        sources = self._choices.sources.get(name, []) if self._choices else []
        return self._change(replace(self._asked, source_ids=tuple(sources)))

    @rx.event
    def choose_source(self, source_id: str) -> EventSpec:
        there = [one["id"] for one in self.sources]
        return self._change(replace(self._asked, source_ids=toggled(there, self._asked.source_ids, source_id)))

    @rx.event
    def choose_kind(self, name: str) -> EventSpec:
        return self._change(replace(self._asked, types=(name,) if name else ()))

    @rx.event
    def choose_explainer(self, name: str) -> EventSpec:
        return self._change(replace(self._asked, explainers=(name,) if name else ()))

    @rx.event
    def choose_layers(self, text: str) -> EventSpec:
        self.layers = text
        return self._change(replace(self._asked, layers=layers_of(text)))

    @rx.event
    def bound(self, name: str, side: str, text: str) -> EventSpec | None:
        """Set one end of a range; the field keeps what is typed."""
        if name not in BOUNDED:
            return None
        asked = self._asked.bounded(name, side, text)
        self.bounds = bounds_shown(asked)
        return self._change(asked)

    @rx.event
    def fold(self) -> None:
        self.filters_open = not self.filters_open

    def _change(self, asked: ExplanationsAsked) -> EventSpec:
        return rx.redirect(asked.address, replace=True)


@rx.page(route="/search-explanations", title=SearchState.title, on_load=SearchState.load)
def search_page() -> rx.Component:
    state = SearchState
    return page(
        rx.el.div(
            rx.el.h1("Search explanations", class_name="title"),
            rx.cond(embedded_alive(), rx.fragment(), search_ways("explanations")),
            class_name="spread wrap",
        ),
        rx.el.p("Finds features by what their explanations mean, and by the words in them.", class_name="muted lead"),
        box(state),
        places(state),
        filters(state),
        like_line(state),
        rx.cond(state.problem != "", failed(state.problem)),
        rx.cond(state.loaded & ~state.asks, hint(), results(state)),
        active="search",
        embed=embedded_alive(),
    )
