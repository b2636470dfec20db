"""Search by text: the features that are active on a text, over the sources of a set."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import reflex as rx
from reflex.event import EventSpec

from memicos_app.components.empty import empty, skeleton_rows
from memicos_app.components.feature_list import ListedFeature, feature_table
from memicos_app.components.layout import card, page
from memicos_app.components.patience import patiently
from memicos_app.components.rights import declares, needs
from memicos_app.components.search_ways import search_ways
from memicos_app.components.source_choice import SourceChoice, offered, source_choice
from memicos_app.components.test_result import took
from memicos_app.components.text_asked import DENSE, SearchAsked
from memicos_app.components.text_form import EXAMPLES, examples, switch, text_form, told_problem
from memicos_app.components.text_search_rows import LIMIT, result_row, sorting, told
from memicos_app.components.token_picker import PickToken, pick_tokens, token_picker
from memicos_app.components.visible_text import one_line
from memicos_app.library import inference_search
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import LibraryError
from memicos_app.library.feature_facts import with_dashboards
from memicos_app.library.inference_search import TextSearch
from memicos_app.settings import get_settings


@declares(Right.READ)
class TextSearchState(rx.State):
    """The text of the address, what it is searched in, and what was found."""

    text: str = ""
    text_round: int = 0
    sets: list[str] = []
    set_name: str = ""
    sources: list[SourceChoice] = []
    ignore_bos: bool = True
    dense: bool = False
    tokens: list[PickToken] = []
    sort_by: list[int] = []
    sorted_by: str = ""
    rows: list[ListedFeature] = []
    summary: str = ""
    took: str = ""
    busy: bool = False
    searched: bool = False
    problem: str = ""
    loaded: bool = False
    _asked: SearchAsked = SearchAsked()
    _chosen: tuple[str, ...] = ()

    @rx.var
    def title(self) -> str:
        return f"“{one_line(self.text, 60)}” · MemicOS" if self.text.strip() else "Search by text · MemicOS"

    @rx.event
    def load(self) -> EventSpec:
        """Take over what the address asks for, then search."""
        asked = SearchAsked.of(self.router.url.query_parameters)
        if asked.text != self.text:
            self.text_round += 1
            self.tokens, self.rows, self.searched = [], [], False
        self._asked, self.text = asked, asked.text
        self.ignore_bos, self.dense, self.sort_by = asked.ignore_bos, asked.dense, list(asked.sort_by)
        self.busy, self.problem, self.loaded = bool(asked.text.strip()), "", True
        return TextSearchState.run()

    @rx.event(background=True, supersedes=True)
    @needs(Right.RUN)
    async def run(self) -> AsyncIterator[None]:
        """Learn what can be searched, then search; the latest address wins."""
        async with self:
            asked = self._asked
        model_id = asked.model_id or get_settings().model_id.rpartition("/")[2]
        try:
            served = await patiently(lambda: inference_search.served_sets(model_id), self._tell)
            ready = await with_dashboards(model_id)
            async with self:
                asked = self._offer(asked, served, ready)
            yield
            if asked.text.strip():
                began = time.perf_counter()
                found = await patiently(lambda: search(asked, model_id), self._tell)
                async with self:
                    self._show(asked, found, time.perf_counter() - began)
        except LibraryError as error:
            async with self:
                self.busy, self.problem, self.rows, self.searched = False, error.message, [], False

    async def _tell(self, problem: str) -> None:
        async with self:
            self.problem = problem

    def _offer(self, asked: SearchAsked, served: dict[str, list[str]], ready: set[str]) -> SearchAsked:
        """Show the sets and sources there are; what was asked for with the set and sources that are searched."""
        self.sets = sorted(served)
        self.set_name, self._chosen, self.sources = offered(served, ready, asked.set_name, asked.source_ids)
        return replace(asked, set_name=self.set_name, source_ids=self._chosen)

    def _show(self, asked: SearchAsked, found: TextSearch, seconds: float) -> None:
        first = 1 if asked.ignore_bos and found.prepend_bos else 0
        self.tokens = pick_tokens(found.tokens, found.tokens_is_special, first)
        self.rows = [result_row(found, one, asked.text, first) for one in found.features]
        self.sorted_by = sorting(found)
        self.summary, self.took = told(found), took(seconds)
        self.busy, self.problem, self.searched = False, "", True

    @rx.event
    def submit(self, form: dict[str, Any]) -> EventSpec:
        return rx.redirect(self._asked.asking(str(form.get("text", ""))).address)

    @rx.event
    def pick(self, place: int) -> EventSpec:
        """Sort by a token, or no longer."""
        return self._change(self._asked.with_token(place))

    @rx.event
    def pick_all(self) -> EventSpec:
        return self._change(replace(self._asked, sort_by=()))

    @rx.event
    def choose_set(self, name: str) -> EventSpec:
        return self._change(replace(self._asked, set_name=name, source_ids=()))

    @rx.event
    def choose_source(self, source_id: str) -> EventSpec:
        return self._change(self._asked.with_source(source_id, self._chosen))

    @rx.event
    def hide_dense(self, hide: bool) -> EventSpec:
        return self._change(replace(self._asked, dense=not hide))

    @rx.event
    def hide_bos(self, hide: bool) -> EventSpec:
        return self._change(replace(self._asked, ignore_bos=hide))

    def _change(self, asked: SearchAsked) -> EventSpec:
        return rx.redirect(asked.address, replace=True)


async def search(asked: SearchAsked, model_id: str) -> TextSearch:
    """The features that the address asks for."""
    return await inference_search.search(
        model_id,
        asked.text,
        asked.set_name,
        source_ids=asked.source_ids,
        sort_by=asked.sort_by,
        density=0.0 if asked.dense else DENSE,
        limit=LIMIT,
    )


@rx.page(route="/search", title=TextSearchState.title, on_load=TextSearchState.load)
def text_search_page() -> rx.Component:
    return page(
        rx.el.div(rx.el.h1("Search by text", class_name="title"), search_ways("text"), class_name="spread wrap"),
        rx.el.p("Runs the model on your text and finds the features that are active on it.", class_name="muted lead"),
        text_form(
            TextSearchState.text,
            TextSearchState.text_round,
            TextSearchState.busy,
            TextSearchState.submit,
            *settings(),
        ),
        told_problem(TextSearchState.problem, TextSearchState.busy),
        rx.cond(TextSearchState.loaded & (TextSearchState.text.strip() == ""), hint(), results()),
        active="search",
    )


def settings() -> list[rx.Component]:
    state = TextSearchState
    return [
        *source_choice(state.sets, state.set_name, state.sources, state.choose_set, state.choose_source),
        switch(
            "Hide dense features",
            ~TextSearchState.dense,
            TextSearchState.hide_dense,
            "Leave out features that fire on more than 1 % of all tokens",
        ),
        switch(
            "Ignore BOS",
            TextSearchState.ignore_bos,
            TextSearchState.hide_bos,
            "Leave the token that the model puts before a text out of sight; it never counts",
        ),
    ]


def results() -> rx.Component:
    return rx.el.div(
        rx.cond(TextSearchState.tokens.length() > 0, tokens()),
        rx.el.section(
            rx.el.div(
                rx.el.h2(TextSearchState.summary, aria_live="polite"),
                rx.cond(TextSearchState.searched, rx.el.span(TextSearchState.took, class_name="chip")),
                class_name="card-head",
            ),
            rx.cond(
                TextSearchState.searched,
                rx.cond(TextSearchState.rows.length() > 0, table(), nothing()),
                skeleton_rows(10),
            ),
            aria_busy=TextSearchState.busy,
            class_name=rx.cond(TextSearchState.busy, "card is-busy", "card"),
        ),
        class_name="stack found",
    )


def tokens() -> rx.Component:
    return rx.el.section(
        rx.el.div(
            token_picker(
                tokens=TextSearchState.tokens,
                chosen=TextSearchState.sort_by,
                label="Tokens of the text; choose those to sort by",
                on_pick=TextSearchState.pick,
            ),
            rx.el.div(
                rx.el.span(TextSearchState.sorted_by, class_name="small muted iso"),
                rx.cond(
                    TextSearchState.sort_by.length() > 0,
                    rx.el.button(
                        "All tokens", type="button", on_click=TextSearchState.pick_all, class_name="link small"
                    ),
                ),
                class_name="spread",
            ),
            class_name="card-body stack tight",
        ),
        aria_label="The text",
        class_name="card picked",
    )


def table() -> rx.Component:
    head = rx.el.thead(
        rx.el.tr(
            rx.el.th("feature", class_name="num", scope="col"),
            rx.el.th("explanation", scope="col"),
            rx.el.th("on this text", scope="col"),
            rx.el.th("fires on", class_name="num", scope="col"),
            rx.el.th(rx.cond(TextSearchState.sort_by.length() > 1, "sum", "value"), class_name="num", scope="col"),
        )
    )
    return feature_table(TextSearchState.rows, head=head, places=True)


def nothing() -> rx.Component:
    return empty(
        "No feature is active here",
        "On these tokens and sources nothing fires that is not hidden. Choose other tokens, or show dense features.",
        rx.el.button("All tokens", type="button", on_click=TextSearchState.pick_all, class_name="btn"),
    )


def hint() -> rx.Component:
    return card(
        empty(
            "Give a text",
            "Every token is read by the model; what its features do is read at the layers above.",
            examples(lambda text: SearchAsked(text=text).address, EXAMPLES),
        )
    )
