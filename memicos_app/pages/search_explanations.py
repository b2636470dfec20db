"""Search in explanations: features whose explanation holds the words that were typed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import reflex as rx
from reflex.event import EventSpec

from memicos_app.components.empty import empty, failed, skeleton_rows
from memicos_app.components.feature_list import ListedFeature, feature_table, listed
from memicos_app.components.jump import search_address
from memicos_app.components.layout import card, page
from memicos_app.components.nav import NavState
from memicos_app.components.search_ways import search_ways
from memicos_app.library import catalog, features
from memicos_app.library.errors import LibraryError
from memicos_app.library.feature_lists import feature_rows
from memicos_app.library.views import FeatureHit, FeatureRow

LIMIT = 100
EXAMPLES = ("energy", "president", "Shakespeare", "Python", "Congress")


class SearchState(rx.State):
    """The words that were asked for and what holds them."""

    words: str = ""
    loaded: bool = False
    rows: list[ListedFeature] = []
    summary: str = ""
    problem: str = ""
    box: int = 0
    _typed: str = ""

    @rx.var
    def title(self) -> str:
        return f"“{self.words[:60]}” · MemicOS" if self.words else "Search explanations · MemicOS"

    @rx.event
    async def load(self) -> None:
        """Search for the words of the address."""
        self.words = self.router.url.query_parameters.get("q", "").strip()[:200]
        if self.words != self._typed:
            self.box += 1
            self._typed = self.words
        self.problem = ""
        try:
            self.rows = await found(self.words) if self.words else []
        except LibraryError as error:
            self.rows, self.problem = [], error.message
        self.summary = told(len(self.rows))
        self.loaded = True

    @rx.event
    def type(self, words: str) -> EventSpec:
        self._typed = words.strip()[:200]
        return rx.redirect(search_address(self._typed) if self._typed else "/search-explanations", replace=True)

    @rx.event
    def submit(self, form: dict[str, Any]) -> EventSpec:
        return SearchState.type(str(form.get("q", "")))


async def found(words: str) -> list[ListedFeature]:
    """Features of every model whose explanation holds `words`, at most `LIMIT`, with their examples."""
    hits: list[FeatureHit] = []
    for model in await catalog.models():
        if len(hits) < LIMIT:
            hits += await features.search_text(model.id, words, LIMIT - len(hits))
    return [listed(row, hit.model_id, hit.source_id, place=hit.source_id) for hit, row in await with_rows(hits)]


async def with_rows(hits: list[FeatureHit]) -> list[tuple[FeatureHit, FeatureRow]]:
    """Each hit with its row, which shows the explanation that it was found by."""
    by_source: dict[tuple[str, str], list[int]] = {}
    for hit in hits:
        by_source.setdefault((hit.model_id, hit.source_id), []).append(hit.index)
    rows = {
        (*source, row.index): row
        for source, indices in by_source.items()
        for row in await feature_rows(*source, indices)
    }
    paired = [(hit, rows.get((hit.model_id, hit.source_id, hit.index))) for hit in hits]
    return [
        (hit, replace(row, explanation=hit.explanation, explanation_type=hit.explanation_type))
        for hit, row in paired
        if row is not None
    ]


def told(number: int) -> str:
    if number == LIMIT:
        return f"the first {LIMIT} features"
    return f"{number} feature" if number == 1 else f"{number} features"


@rx.page(route="/search-explanations", title=SearchState.title, on_load=SearchState.load)
def search_page() -> rx.Component:
    return page(
        rx.el.div(
            rx.el.h1("Search explanations", class_name="title"),
            search_ways("explanations"),
            class_name="spread wrap",
        ),
        rx.el.p(
            "Finds the words as they stand in what people and programs wrote about a feature.",
            class_name="muted lead",
        ),
        box(),
        rx.cond(SearchState.problem != "", failed(SearchState.problem)),
        rx.cond(SearchState.loaded & (SearchState.words == ""), hint(), results()),
        active="search",
    )


def box() -> rx.Component:
    return rx.el.form(
        rx.el.input(
            key=SearchState.box.to_string(),
            default_value=SearchState.words,
            name="q",
            type="search",
            placeholder="What should a feature mean?",
            aria_label="Words of the explanation",
            auto_focus=True,
            auto_complete="off",
            max_length=200,
            on_change=SearchState.type.debounce(250),
            data_key="f",
            data_key_label="edit the words",
            class_name="input grow",
        ),
        rx.el.button("Search", type="submit", class_name="btn primary"),
        on_submit=SearchState.submit,
        role="search",
        class_name="row search-line",
    )


def results() -> rx.Component:
    return rx.el.section(
        rx.el.div(rx.el.h2(SearchState.summary, aria_live="polite"), class_name="card-head"),
        rx.cond(
            SearchState.loaded,
            rx.cond(SearchState.rows.length() > 0, feature_table(SearchState.rows, places=True), nothing()),
            skeleton_rows(10),
        ),
        class_name="card",
    )


def nothing() -> rx.Component:
    return empty(
        "No explanation holds these words",
        "Try fewer or other words, or one part of a word: the letters are compared, not the meaning.",
        rx.el.a("Browse all features", href="/" + NavState.default_model, class_name="btn"),
    )


def hint() -> rx.Component:
    tried = [rx.el.a(words, href=search_address(words), class_name="btn small") for words in EXAMPLES]
    return card(
        empty(
            "Ask for a word",
            "Results come while you type; each opens the feature.",
            rx.el.div(*tried, class_name="row wrap"),
        )
    )
