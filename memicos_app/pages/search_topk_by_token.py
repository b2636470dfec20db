"""Search token by token: the strongest features of one source at each token of a text."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import reflex as rx
from reflex.event import EventSpec

from memicos_app.components.empty import empty, skeleton_rows
from memicos_app.components.held import held_select
from memicos_app.components.layout import card, page
from memicos_app.components.patience import patiently
from memicos_app.components.rights import declares, needs
from memicos_app.components.search_ways import search_ways
from memicos_app.components.source_choice import middle
from memicos_app.components.test_result import took
from memicos_app.components.text_asked import DENSE, ORDERS, TokensAsked
from memicos_app.components.text_form import EXAMPLES, examples, switch, text_form, told_problem
from memicos_app.components.token_search_rows import (
    SHOWN,
    OrderLink,
    TokenRow,
    Top,
    WholeFeature,
    order_link,
    token_rows,
    whole_features,
)
from memicos_app.components.token_strip import token
from memicos_app.components.visible_text import one_line
from memicos_app.library import inference_search
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import LibraryError
from memicos_app.library.feature_facts import with_dashboards
from memicos_app.library.inference_search import TokenSearch
from memicos_app.settings import get_settings

LIMIT = 10
"""Features at a token."""


@declares(Right.READ)
class TokenSearchState(rx.State):
    """The text of the address and what each of its tokens does."""

    text: str = ""
    text_round: int = 0
    source_ids: list[str] = []
    source_id: str = ""
    ignore_bos: bool = True
    hides_dense: bool = True
    rows: list[TokenRow] = []
    features: list[WholeFeature] = []
    orders: list[OrderLink] = []
    largest: float = 0.0
    marked: str = ""
    summary: str = ""
    took: str = ""
    busy: bool = False
    searched: bool = False
    problem: str = ""
    loaded: bool = False
    _asked: TokensAsked = TokensAsked()

    @rx.var
    def title(self) -> str:
        return (
            f"“{one_line(self.text, 60)}” token by token · MemicOS"
            if self.text.strip()
            else "Token by token · MemicOS"
        )

    @rx.event
    def load(self) -> EventSpec:
        """Take over what the address asks for, then search."""
        asked = TokensAsked.of(self.router.url.query_parameters)
        if asked.text != self.text:
            self.text_round += 1
            self.rows, self.features, self.searched = [], [], False
        if replace(asked, order=self._asked.order) != self._asked:
            self.marked = ""
        self._asked, self.text = asked, asked.text
        self.ignore_bos, self.hides_dense = asked.ignore_bos, asked.density > 0
        self.busy, self.problem, self.loaded = bool(asked.text.strip()), "", True
        return TokenSearchState.run()

    @rx.event(background=True, supersedes=True)
    @needs(Right.RUN)
    async def run(self) -> AsyncIterator[None]:
        """Learn which sources there are, then search; the latest address wins."""
        async with self:
            asked = self._asked
        model_id = asked.model_id or get_settings().model_id.rpartition("/")[2]
        try:
            served = await patiently(lambda: inference_search.served_sets(model_id), self._tell)
            ready = await with_dashboards(model_id)
            async with self:
                self.source_ids = [source for sources in served.values() for source in sources]
                source_id = self.source_id = asked.source_id or middle(self.source_ids, ready)
            yield
            if asked.text.strip():
                began = time.perf_counter()
                found = await patiently(lambda: search(asked, model_id, source_id), self._tell)
                async with self:
                    self._show(asked, found, time.perf_counter() - began)
        except LibraryError as error:
            async with self:
                self.busy, self.problem, self.rows, self.searched = False, error.message, [], False

    async def _tell(self, problem: str) -> None:
        async with self:
            self.problem = problem

    def _show(self, asked: TokensAsked, found: TokenSearch, seconds: float) -> None:
        self.rows = token_rows(found, asked.text)
        self.features = whole_features(found, asked.order, asked.text)
        self.orders = [order_link(asked, order) for order in ORDERS]
        self.largest = max((top["value"] for row in self.rows for top in row["tops"]), default=0.0)
        self.summary = f"{len(self.features)} features" if len(self.features) < SHOWN else f"First {SHOWN} features"
        self.took = took(seconds)
        self.busy, self.problem, self.searched = False, "", True

    @rx.event
    def submit(self, form: dict[str, Any]) -> EventSpec:
        return rx.redirect(replace(self._asked, text=str(form.get("text", ""))).address)

    @rx.event
    def choose_source(self, source_id: str) -> EventSpec:
        return rx.redirect(replace(self._asked, source_id=source_id).address, replace=True)

    @rx.event
    def hide_dense(self, hide: bool) -> EventSpec:
        return rx.redirect(replace(self._asked, density=DENSE if hide else 0.0).address, replace=True)

    @rx.event
    def hide_bos(self, hide: bool) -> EventSpec:
        return rx.redirect(replace(self._asked, ignore_bos=hide).address, replace=True)

    @rx.event
    def mark(self, index: str) -> None:
        """Show where a feature stands among the tokens' strongest; the same again takes that back."""
        self.marked = "" if self.marked == index else index


async def search(asked: TokensAsked, model_id: str, source_id: str) -> TokenSearch:
    """What the address asks for."""
    return await inference_search.top_by_token(
        model_id, source_id, asked.text, density=asked.density, limit=LIMIT, ignore_bos=asked.ignore_bos
    )


@rx.page(route="/search-topk-by-token", title=TokenSearchState.title, on_load=TokenSearchState.load)
def token_search_page() -> rx.Component:
    state = TokenSearchState
    return page(
        rx.el.div(rx.el.h1("Token by token", class_name="title"), search_ways("tokens"), class_name="spread wrap"),
        rx.el.p("The strongest features of one source at each token of your text.", class_name="muted lead"),
        text_form(state.text, state.text_round, state.busy, state.submit, *settings()),
        told_problem(state.problem, state.busy),
        rx.cond(state.loaded & (state.text.strip() == ""), hint(), results()),
        active="search",
    )


def settings() -> list[rx.Component]:
    return [
        held_select(
            rx.foreach(TokenSearchState.source_ids, lambda name: rx.el.option(name, value=name)),
            value=TokenSearchState.source_id,
            on_change=TokenSearchState.choose_source,
            aria_label="Source",
            class_name="select small auto",
        ),
        switch(
            "Hide dense features",
            TokenSearchState.hides_dense,
            TokenSearchState.hide_dense,
            "Leave out features that fire on more than 1 % of all tokens",
        ),
        switch(
            "Ignore BOS",
            TokenSearchState.ignore_bos,
            TokenSearchState.hide_bos,
            "Leave the token that the model puts before a text out of the list; it never counts",
        ),
    ]


def results() -> rx.Component:
    busy = rx.cond(TokenSearchState.busy, " is-busy", "")
    return rx.el.div(
        rx.el.section(
            rx.el.div(
                rx.el.h2("Each token’s strongest"),
                rx.cond(TokenSearchState.searched, rx.el.span(TokenSearchState.took, class_name="chip")),
                class_name="card-head",
            ),
            rx.cond(
                TokenSearchState.searched,
                rx.el.ol(rx.foreach(TokenSearchState.rows, token_row), class_name="by-token"),
                skeleton_rows(12),
            ),
            aria_busy=TokenSearchState.busy,
            class_name="card" + busy,
        ),
        rx.el.section(
            rx.el.div(
                rx.el.h2(TokenSearchState.summary, aria_live="polite"),
                rx.el.div(rx.foreach(TokenSearchState.orders, drawn_order), class_name="seg"),
                class_name="card-head wrap",
            ),
            rx.cond(
                TokenSearchState.searched,
                rx.el.ol(rx.foreach(TokenSearchState.features, whole_feature), class_name="card-rows whole-features"),
                skeleton_rows(8),
            ),
            aria_label="Features of the whole text",
            class_name="card" + busy,
        ),
        class_name="cols flip found",
    )


def drawn_order(one: rx.Var[OrderLink]) -> rx.Component:
    return rx.el.a(one["words"], href=one["href"], aria_current=one["current"], prevent_scroll_reset=True)


def token_row(row: rx.Var[TokenRow]) -> rx.Component:
    nothing = rx.el.span(
        rx.cond(row["special"], "does not count", "nothing that is not hidden"), class_name="faint small"
    )
    return rx.el.li(
        rx.el.span(row["place"], class_name="num tiny faint by-place"),
        rx.el.span(token(text=row["token"]), class_name="by-string"),
        rx.el.span(
            rx.cond(row["tops"].length() > 0, rx.foreach(row["tops"], top_chip), nothing),
            class_name="by-tops",
        ),
    )


def top_chip(one: rx.Var[Top]) -> rx.Component:
    marked = TokenSearchState.marked
    return rx.el.a(
        rx.el.bdi(one["words"], class_name="clip"),
        rx.el.span(one["said"], class_name="num"),
        href=one["href"],
        title=one["index"] + " · " + one["words"],
        style={"--a": (one["value"] / TokenSearchState.largest).to_string()},
        class_name=rx.cond(
            marked == "", "top-chip", rx.cond(marked == one["index"], "top-chip is-marked", "top-chip is-other")
        ),
    )


def whole_feature(one: rx.Var[WholeFeature]) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.a(rx.el.bdi(one["words"]), href=one["href"], class_name="clamp-2"),
            rx.el.span(
                one["index"],
                rx.cond(one["density"] != "", " · fires on " + one["density"], ""),
                class_name="tiny faint",
            ),
            class_name="grow",
        ),
        rx.el.button(
            one["count"],
            "×",
            type="button",
            title="Show where",
            aria_label="Show where feature " + one["index"] + " stands",
            aria_pressed=TokenSearchState.marked == one["index"],
            on_click=TokenSearchState.mark(one["index"]),
            class_name="chip mark",
        ),
        rx.el.span(one["strongest"], class_name="num"),
        class_name="row",
    )


def hint() -> rx.Component:
    return card(
        empty(
            "Give a text",
            "For each of its tokens, the features that are strongest there.",
            examples(lambda text: TokensAsked(text=text).address, EXAMPLES),
        )
    )
