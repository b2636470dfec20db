"""The list of a source's features: sorted by a column, filtered by words, page by page, all in the address."""

from __future__ import annotations

from typing import TypedDict

import reflex as rx
from reflex.event import EventSpec

from memicos_app.components.active_filters import Chip, active_filters, chips
from memicos_app.components.empty import empty, skeleton_rows
from memicos_app.components.feature_list import ListedFeature, feature_table, listed
from memicos_app.components.figures import count
from memicos_app.components.jump import place
from memicos_app.components.keys import kbd
from memicos_app.components.list_address import PAGE, Asked, last_page
from memicos_app.components.rights import declares, inside
from memicos_app.components.typed import followed
from memicos_app.library import features
from memicos_app.library.accounts.rights import Right
from memicos_app.library.views import FeatureSort

COLUMNS: tuple[tuple[FeatureSort | None, str, str], ...] = (
    ("index", "index", "num"),
    ("explanation", "explanation", ""),
    (None, "strongest example", ""),
    ("density", "fires on", "num"),
    ("max_activation", "max", "num"),
)


class Heading(TypedDict):
    """A column's head; one that sorts is a link, and says how it is sorted now."""

    words: str
    href: str
    sorted: str
    style: str


@declares(Right.READ)
class BrowserState(rx.State):
    """The page of the list that is on screen."""

    loaded: bool = False
    rows: list[ListedFeature] = []
    headings: list[Heading] = []
    query: str = ""
    box: int = 0
    span: str = ""
    total: str = ""
    before: str = ""
    after: str = ""
    clear: str = ""
    chips: list[Chip] = []
    """Every filter that is on, each with the address without it."""
    _path: str = ""
    _typed: list[str] = [""]
    """What the box asked for, from what is shown now to what was typed last."""
    _asked: Asked = Asked()

    @inside
    async def show(self, model_id: str, source_id: str, asked: Asked) -> None:
        """Read the page of `source_id` that `asked` names; past the end it is the last one."""
        found = await features.feature_list(
            model_id,
            source_id,
            sort=asked.sort,
            descending=asked.descending,
            offset=asked.offset,
            limit=PAGE,
            filters=asked.whole,
        )
        if asked.page > last_page(found.total):
            await self.show(model_id, source_id, asked.at(last_page(found.total)))
            return
        self._asked, self._path = asked, place(model_id, source_id)
        self.rows = [listed(row, model_id, source_id) for row in found.rows]
        self._say_where(found.total)
        self.loaded = True

    @rx.var
    def indices(self) -> str:
        """Indices of the rows on screen, with commas between them."""
        return ",".join(row["number"] for row in self.rows)

    @inside
    def forget(self) -> None:
        """Empty the list; another source comes."""
        self.reset()

    def _say_where(self, total: int) -> None:
        asked, path = self._asked, self._path
        self.headings = [heading(asked, path, *column) for column in COLUMNS]
        self.total = count(total)
        first = asked.offset + 1 if total else 0
        self.span = f"{count(first)}–{count(min(asked.offset + PAGE, total))}"
        self.before = asked.at(asked.page - 1).address(path) if asked.page > 1 else ""
        self.after = asked.at(asked.page + 1).address(path) if asked.page < last_page(total) else ""
        self.clear = asked.cleared().address(path)
        self.chips = chips(asked, path)
        self.query = asked.query
        self._typed, elsewhere = followed(self._typed, asked.query)
        self.box += elsewhere

    @rx.event
    def filter(self, words: str) -> EventSpec:
        """Keep the rows whose explanation holds `words`."""
        asked = self._asked.holding(words)
        self._typed = [*self._typed, asked.query]
        return rx.redirect(asked.address(self._path), replace=True)


def heading(asked: Asked, path: str, sort: FeatureSort | None, words: str, style: str) -> Heading:
    if sort is None:
        return Heading(words=words, href="", sorted="none", style=style)
    now = ("descending" if asked.descending else "ascending") if sort == asked.sort else "none"
    return Heading(words=words, href=asked.sorted_by(sort).address(path), sorted=now, style=style)


def feature_browser() -> rx.Component:
    """The list in its card, with a box to filter it and its pages below."""
    return rx.el.section(
        rx.el.div(
            rx.el.h2("Features ", rx.el.span(BrowserState.total, class_name="faint num")),
            filter_box(),
            class_name="card-head",
        ),
        active_filters(BrowserState.chips, BrowserState.clear),
        rx.cond(
            BrowserState.loaded,
            rx.cond(BrowserState.rows.length() > 0, table(), nothing_found()),
            skeleton_rows(14),
        ),
        aria_busy=~BrowserState.loaded,
        class_name="card browser",
    )


def filter_box() -> rx.Component:
    return rx.el.div(
        rx.el.input(
            key=BrowserState.box.to_string(),
            default_value=BrowserState.query,
            type="search",
            placeholder="Filter by explanation",
            aria_label="Filter features by explanation",
            max_length=200,
            auto_complete="off",
            on_change=BrowserState.filter.debounce(220),
            data_key="f",
            data_key_label="filter the list",
            class_name="input small",
        ),
        rx.el.kbd("f", class_name="kbd", aria_hidden="true"),
        class_name="search filter",
    )


def table() -> rx.Component:
    head = rx.el.thead(rx.el.tr(rx.foreach(BrowserState.headings, drawn_heading)))
    return rx.fragment(feature_table(BrowserState.rows, head=head), pager())


def drawn_heading(one: rx.Var[Heading]) -> rx.Component:
    link = rx.el.a(one["words"], href=one["href"], prevent_scroll_reset=True)
    return rx.el.th(
        rx.cond(one["href"] != "", link, one["words"]), scope="col", aria_sort=one["sorted"], class_name=one["style"]
    )


def pager() -> rx.Component:
    return rx.el.nav(
        turn("‹ Back ", BrowserState.before, "p", "previous page"),
        rx.el.span(BrowserState.span, " of ", BrowserState.total, class_name="num"),
        turn("Next › ", BrowserState.after, "n", "next page"),
        aria_label="Pages of the list",
        class_name="card-foot spread",
    )


def turn(words: str, href: rx.Var[str], key: str, label: str) -> rx.Component:
    """A link to another page of the list; at the end it stays in its place, switched off."""
    return rx.cond(
        href != "",
        rx.el.a(words, kbd(key), href=href, data_key=key, data_key_label=label, class_name="btn small"),
        rx.el.span(words, kbd(key), aria_disabled="true", class_name="btn small"),
    )


def nothing_found() -> rx.Component:
    return empty(
        "No feature is left",
        "None fulfils all of the filters. Words are looked for as they stand in an explanation.",
        rx.el.a("Show all features", href=BrowserState.clear, class_name="btn"),
    )
