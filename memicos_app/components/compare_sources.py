"""Two sources side by side: distributions over each other, what differs, and which features match."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TypedDict

import reflex as rx

from memicos_app.components.charts import Drawing, draw, histogram
from memicos_app.components.compare_address import Compared, compare_path
from memicos_app.components.empty import skeleton_rows
from memicos_app.components.feature_address import source_path
from memicos_app.components.figures import EVALUATION, count, figure, share
from memicos_app.components.layout import card
from memicos_app.components.overlay_plot import OverlayShown, overlay, overlay_plot
from memicos_app.components.patience import patiently
from memicos_app.components.rights import declares, inside, needs
from memicos_app.components.visible_text import one_line
from memicos_app.library import source_comparison
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import LibraryError
from memicos_app.library.source_comparison import ALIKE, Difference, Matching, Pair, SideBySide

MOST_ROWS = 100
WORDS = {"n_features": "features", "n_dashboards": "with a dashboard", "n_explained": "explained", **EVALUATION}
ORDERS = {"alike": "most alike", "unlike": "least alike", "between": "around .7"}


class SaidRow(TypedDict):
    """Something that both say of themselves."""

    name: str
    first: str
    second: str
    same: bool


class PairRow(TypedDict):
    """Two features that match, ready to be drawn."""

    first: str
    first_words: str
    second: str
    second_words: str
    cosine: str
    mutual: bool
    href: str


@declares(Right.READ)
class SourcesState(rx.State):
    """The comparison of two sources on screen."""

    loaded: bool = False
    problem: str = ""
    plots: list[OverlayShown] = []
    evaluation: list[SaidRow] = []
    configuration: list[SaidRow] = []
    n_same: int = 0
    href_a: str = ""
    href_b: str = ""
    matching: bool = False
    match_problem: str = ""
    stats: list[tuple[str, str]] = []
    cosines: Drawing = Drawing()
    order: str = "alike"
    rows: list[PairRow] = []
    told: str = ""
    _asked: Compared = Compared()
    _pairs: list[Pair] = []

    @inside
    async def show(self, asked: Compared) -> None:
        """Read both; the matching is asked for by an event of its own."""
        if asked == self._asked and self.loaded:
            return
        self.reset()
        self._asked = asked
        model, source, other_model, other = asked.sources()
        self.href_a, self.href_b = source_path(model, source), source_path(other_model, other)
        self._take(await source_comparison.side_by_side(model, source, other_model, other))
        self.loaded, self.matching = True, True

    def _take(self, both: SideBySide) -> None:
        self.plots = [overlay(one) for one in both.distributions]
        self.evaluation = [said(one) for one in both.evaluation]
        differing = [one for one in both.configuration if not one.is_same]
        self.configuration = [said(one) for one in differing]
        self.n_same = len(both.configuration) - len(differing)

    @rx.event(background=True, supersedes=True)
    @needs(Right.RUN)
    async def match(self) -> AsyncIterator[None]:
        """Ask the worker for the best matches; waits for one that is down, loading or busy."""
        async with self:
            if not self.loaded:
                return
            asked, places = self._asked, self._asked.sources()
        try:
            found = await patiently(lambda: source_comparison.matching(*places), self._tell)
        except LibraryError as error:
            async with self:
                self.matching, self.match_problem = False, error.message
            return
        async with self:
            if asked == self._asked:
                self._matched(found)
                await self._list()
        yield

    async def _tell(self, problem: str) -> None:
        async with self:
            self.match_problem = problem.replace(" Your text is kept and searched as soon as it answers.", "")

    def _matched(self, found: Matching) -> None:
        self.matching, self.match_problem, self._pairs = False, "", found.pairs
        compared = len(found.pairs)
        self.told = (
            f"all {count(compared)} features of A"
            if compared >= found.n_features
            else f"an even sample of {count(compared)} of {count(found.n_features)} features of A"
        )
        self.stats = [
            (share(found.share_alike), f"of A have a match of {ALIKE} or more in B"),
            (share(found.share_alike_back), f"of B have one of {ALIKE} or more in A"),
            (share(found.share_mutual), "of A are their match's best match, too"),
        ]
        centres = [(low + high) / 2 for low, high in zip(found.edges, found.edges[1:], strict=False)]
        ends = zip(found.edges, found.edges[1:], strict=False)
        words = [
            f"cosine {low:.3g} – {high:.3g}: {count(tall)} features"
            for (low, high), tall in zip(ends, found.heights, strict=False)
        ]
        self.cosines = draw(centres, found.heights, words=words, axis=("0", "0.5", "1"))

    @rx.event
    async def choose_order(self, order: str) -> None:
        """List other pairs first."""
        self.order = order if order in ORDERS else "alike"
        if self.loaded:
            await self._list()

    async def _list(self) -> None:
        model, source, _, other = self._asked.sources()
        pairs = chosen(self._pairs, self.order)
        known = await source_comparison.facts_of(model, source, other, pairs)
        self.rows = [
            PairRow(
                first=str(one.first),
                first_words=one_line(known[source, one.first].explanation, 200),
                second=str(one.second),
                second_words=one_line(known[other, one.second].explanation, 200),
                cosine=f"{one.cosine:.3f}",
                mutual=one.mutual,
                href=compare_path(f"{model}/{source}/{one.first}", f"{model}/{other}/{one.second}"),
            )
            for one in pairs
        ]


def said(one: Difference) -> SaidRow:
    first, second = ("–" if each is None else figure(one.name, each) for each in (one.first, one.second))
    return SaidRow(name=WORDS.get(one.name, one.name), first=first, second=second, same=one.is_same)


def chosen(pairs: list[Pair], order: str) -> list[Pair]:
    """The pairs that are listed: from one end of `pairs`, which begin with the best, or around `ALIKE`."""
    if order == "unlike":
        return pairs[::-1][:MOST_ROWS]
    if order == "between":
        near = sorted(pairs, key=lambda one: abs(one.cosine - ALIKE))[:MOST_ROWS]
        return sorted(near, key=lambda one: -one.cosine)
    return pairs[:MOST_ROWS]


def compared_sources() -> rx.Component:
    return rx.el.div(
        rx.cond(
            SourcesState.loaded,
            rx.fragment(
                rx.cond(
                    SourcesState.plots.length() > 0,
                    rx.el.div(rx.foreach(SourcesState.plots, plot_card), class_name="compare-grid three"),
                    rx.el.p("There are distributions once both have features here.", class_name="notice"),
                ),
                matching_card(),
                rx.el.div(
                    said_card("Evaluation", SourcesState.evaluation, ""),
                    said_card(
                        "Where the configurations differ",
                        SourcesState.configuration,
                        SourcesState.n_same.to_string() + " the same",
                    ),
                    class_name="compare-grid",
                ),
            ),
            card(skeleton_rows(10)),
        ),
        class_name="stack",
    )


def plot_card(one: rx.Var[OverlayShown]) -> rx.Component:
    return card(rx.el.div(overlay_plot(one), class_name="card-body"), title=one.title, aside=legend())


def legend() -> rx.Component:
    return rx.el.span(
        rx.el.span("A", class_name="side-mark", title="bars"), rx.el.span("B", class_name="side-mark b", title="line")
    )


def matching_card() -> rx.Component:
    return card(
        rx.cond(
            SourcesState.match_problem != "",
            rx.el.p(SourcesState.match_problem, class_name="notice amber test-problem"),
        ),
        rx.cond(
            SourcesState.stats.length() > 0,
            rx.fragment(
                rx.el.div(rx.foreach(SourcesState.stats, stat), class_name="stats"),
                rx.el.div(histogram(SourcesState.cosines, "Best matches by cosine"), class_name="card-body"),
                rx.el.div(
                    rx.el.span("Features of A with their best match in B", class_name="label"),
                    rx.el.div(*(order_button(name, words) for name, words in ORDERS.items()), class_name="seg"),
                    class_name="spread wrap card-body",
                ),
                pair_table(),
            ),
            rx.cond(SourcesState.matching, skeleton_rows(6)),
        ),
        title="Features that match, by decoder direction",
        aside=rx.el.span(SourcesState.told, class_name="small"),
    )


def stat(one: rx.Var[tuple[str, str]]) -> rx.Component:
    return rx.el.p(rx.el.b(one[0]), rx.el.span(one[1], class_name="small muted"), class_name="stat")


def order_button(name: str, words: str) -> rx.Component:
    return rx.el.button(
        words,
        type="button",
        aria_pressed=SourcesState.order == name,
        on_click=SourcesState.choose_order(name),
    )


def pair_table() -> rx.Component:
    heads = (("A", "num"), ("explanation", ""), ("B", "num"), ("explanation", ""), ("cosine", "num"), ("", ""))
    return rx.el.table(
        rx.el.thead(rx.el.tr(*(rx.el.th(words, scope="col", class_name=kind) for words, kind in heads))),
        rx.el.tbody(rx.foreach(SourcesState.rows, pair_row), data_list=""),
        aria_label="Matching features",
        class_name="table pairs",
    )


def pair_row(one: rx.Var[PairRow]) -> rx.Component:
    return rx.el.tr(
        rx.el.td(one["first"], class_name="num mono"),
        rx.el.td(
            rx.el.a(
                rx.el.bdi(rx.cond(one["first_words"] != "", one["first_words"], "not explained")),
                href=one["href"],
                data_item="",
                class_name="cover",
            )
        ),
        rx.el.td(one["second"], class_name="num mono"),
        rx.el.td(rx.el.bdi(rx.cond(one["second_words"] != "", one["second_words"], "not explained"))),
        rx.el.td(one["cosine"], class_name="num"),
        rx.el.td(rx.cond(one["mutual"], rx.el.span("⇄", title="Each is the other's best match", class_name="muted"))),
    )


def said_card(title: str, rows: rx.Var[list[SaidRow]], note: rx.Var[str] | str) -> rx.Component:
    heads = ("", "A", "B")
    return card(
        rx.cond(
            rows.length() > 0,
            rx.el.div(
                rx.el.table(
                    rx.el.thead(rx.el.tr(*(rx.el.th(words, scope="col") for words in heads))),
                    rx.el.tbody(rx.foreach(rows, said_row)),
                    class_name="table said-table small",
                ),
                class_name="table-scroll",
            ),
            rx.el.p("They say the same.", class_name="card-body small faint"),
        ),
        title=title,
        aside=rx.el.span(note, class_name="small"),
    )


def said_row(one: rx.Var[SaidRow]) -> rx.Component:
    return rx.el.tr(
        rx.el.td(one["name"]),
        rx.el.td(one["first"]),
        rx.el.td(one["second"]),
        class_name=rx.cond(one["same"], "", "is-other"),
    )
