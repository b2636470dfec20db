"""The overview of a source's features, and what narrows them: distributions with ranges, and counted choices."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from typing import TypedDict

import reflex as rx
from reflex.event import EventSpec

from memicos_app.components.figures import count, number_in
from memicos_app.components.held import held_select
from memicos_app.components.jump import place
from memicos_app.components.layout import card
from memicos_app.components.list_address import Asked
from memicos_app.components.range_plot import range_plot
from memicos_app.components.rights import declares, inside
from memicos_app.components.visible_text import one_line
from memicos_app.library import facets
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import LibraryError
from memicos_app.library.facets import Bars, Facets
from memicos_app.library.feature_filters import FeatureFilter, Span

MOST_NAMES = 12


class Choice(TypedDict):
    """Something to narrow to: how many features it would leave, and the address that asks for it, or no longer."""

    group: str
    """Of the first of its group, its heading; empty for the others."""
    words: str
    count: str
    href: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class RangeShown:
    """A distribution with the range that is asked for."""

    edges: list[float] = field(default_factory=list)
    every: list[int] = field(default_factory=list)
    kept: list[int] = field(default_factory=list)
    low: str = ""
    high: str = ""


@declares(Right.READ)
class FacetsState(rx.State):
    """The distributions and choices of the source on screen."""

    density: RangeShown = RangeShown()
    strongest: RangeShown = RangeShown()
    score: RangeShown = RangeShown()
    score_type: str = ""
    score_types: list[str] = []
    choices: list[Choice] = []
    kept: str = ""
    opened: bool = False
    """On a small screen, where the facets stand above the list only when asked for."""
    problem: str = ""
    _place: tuple[str, str] = ("", "")
    _asked: Asked = Asked()

    @inside
    def ask(self, model_id: str, source_id: str, asked: Asked) -> EventSpec:
        """Take over what the address asks for; the event reads what belongs to it."""
        if (model_id, source_id) != self._place:
            self.reset()
        self._place, self._asked = (model_id, source_id), asked
        return FacetsState.read()

    @rx.event(background=True, supersedes=True)
    async def read(self) -> AsyncIterator[None]:
        """Count; the latest address wins."""
        async with self:
            (model_id, source_id), asked = self._place, self._asked
        try:
            found = await facets.facets(model_id, source_id, asked.whole)
        except LibraryError as error:
            async with self:
                self.problem = error.message
            return
        async with self:
            if found is not None and (model_id, source_id) == self._place:
                self._show(found, asked)
        yield

    def _show(self, found: Facets, asked: Asked) -> None:
        on = asked.filters
        self.problem = ""
        self.density = range_shown(found.density, on.density)
        self.strongest = range_shown(found.max_activation, on.max_activation)
        self.score_types = found.score_types
        self.score_type = on.score_type if on.score_type in found.score_types else next(iter(found.score_types), "")
        self.score = range_shown(found.score, on.score)
        self.choices = list(choices(found, asked, place(*self._place)))
        self.kept = (
            f"{count(found.kept)} of {count(found.total)}" if found.kept != found.total else count(found.total)
        )

    @rx.event
    def open_or_close(self) -> None:
        self.opened = not self.opened

    @rx.event
    def narrow_density(self, low: str, high: str) -> EventSpec:
        return self._go(replace(self._asked.filters, density=span(low, high)))

    @rx.event
    def narrow_strongest(self, low: str, high: str) -> EventSpec:
        return self._go(replace(self._asked.filters, max_activation=span(low, high)))

    @rx.event
    def narrow_score(self, low: str, high: str) -> EventSpec:
        return self._go(replace(self._asked.filters, score=span(low, high), score_type=self.score_type))

    @rx.event
    def choose_score(self, kind: str) -> EventSpec:
        """Another kind of score; a range belongs to the one before."""
        return self._go(replace(self._asked.filters, score=Span(), score_type=kind))

    def _go(self, filters: FeatureFilter) -> EventSpec:
        return rx.redirect(self._asked.narrowed(filters).address(place(*self._place)), replace=True)


def span(low: str, high: str) -> Span:
    return Span(number_in(low), number_in(high))


def range_shown(bars: Bars, on: Span) -> RangeShown:
    ends = ("" if end is None else f"{end:.9g}" for end in (on.low, on.high))
    return RangeShown(bars.edges, bars.every, bars.kept, *ends)


def choices(found: Facets, asked: Asked, path: str) -> Iterator[Choice]:
    """Every choice with its address; one that is on leads to the list without it."""
    on = asked.filters
    groups: list[tuple[str, list[tuple[str, int, bool, FeatureFilter]]]] = [
        (
            "Explained",
            [
                (words, number, on.explained is side, replace(on, explained=None if on.explained is side else side))
                for words, number, side in (("yes", found.explained[0], True), ("not yet", found.explained[1], False))
            ],
        ),
        (
            "Fires",
            [
                (words, number, on.live is side, replace(on, live=None if on.live is side else side))
                for words, number, side in (("yes", found.live[0], True), ("never did", found.live[1], False))
            ],
        ),
        (
            "Kind of explanation",
            [
                (name, number, name in on.types, replace(on, types=toggled(on.types, name)))
                for name, number in found.types
            ],
        ),
        (
            "Explained by",
            [
                (name, number, name in on.explainers, replace(on, explainers=toggled(on.explainers, name)))
                for name, number in found.explainers
            ],
        ),
    ]
    for heading, members in groups:
        shown = [one for one in members if one[1] or one[2]]
        if len(shown) < 2 and not any(one[2] for one in shown):
            continue  # nothing to choose between
        for at, (words, number, chosen, filters) in enumerate(shown[:MOST_NAMES]):
            yield Choice(
                group=heading if at == 0 else "",
                words=one_line(words, 60),
                count=count(number),
                href=asked.narrowed(filters).address(path),
                chosen=chosen,
            )


def toggled(names: tuple[str, ...], name: str) -> tuple[str, ...]:
    return tuple(one for one in names if one != name) if name in names else (*names, name)


def facet_cards() -> rx.Component:
    """Distributions and choices; on a small screen behind a button."""
    return rx.el.section(
        rx.el.button(
            "Filter and overview",
            type="button",
            aria_expanded=FacetsState.opened,
            on_click=FacetsState.open_or_close,
            class_name="btn facets-button",
        ),
        rx.el.div(
            plot_card("How often features fire", FacetsState.density, "share", FacetsState.narrow_density),
            plot_card("How strongly", FacetsState.strongest, "value", FacetsState.narrow_strongest),
            rx.cond(FacetsState.score_types.length() > 0, score_card()),
            rx.cond(FacetsState.choices.length() > 0, choice_card()),
            rx.cond(FacetsState.problem != "", rx.el.p(FacetsState.problem, class_name="notice amber")),
            class_name="stack facets-body",
        ),
        aria_label="Overview and filters",
        class_name=rx.cond(FacetsState.opened, "facets is-open", "facets"),
    )


def plot_card(title: str, shown: rx.Var[RangeShown], kind: str, on_range: rx.EventHandler) -> rx.Component:
    return card(rx.el.div(plot(title, shown, kind, on_range), class_name="card-body"), title=title)


def plot(title: rx.Var[str] | str, shown: rx.Var[RangeShown], kind: str, on_range: rx.EventHandler) -> rx.Component:
    return range_plot(
        label=title,
        edges=shown.edges,
        every=shown.every,
        kept=shown.kept,
        low=shown.low,
        high=shown.high,
        kind=kind,
        on_range=on_range,
    )


def score_card() -> rx.Component:
    """The best score of each feature, of one kind at a time."""
    return card(
        rx.el.div(
            plot("Score of explanations", FacetsState.score, "value", FacetsState.narrow_score),
            class_name="card-body",
        ),
        title="How well explained",
        aside=held_select(
            rx.foreach(FacetsState.score_types, lambda name: rx.el.option(name, value=name)),
            value=FacetsState.score_type,
            on_change=FacetsState.choose_score,
            aria_label="Kind of score",
            class_name="select small auto",
        ),
    )


def choice_card() -> rx.Component:
    return card(
        rx.el.ul(rx.foreach(FacetsState.choices, choice), class_name="card-body facet-choices"),
        title="Narrow to",
        aside=rx.el.span(FacetsState.kept, class_name="num small"),
    )


def choice(one: rx.Var[Choice]) -> rx.Component:
    return rx.el.li(
        rx.cond(one["group"] != "", rx.el.h3(one["group"], class_name="label")),
        rx.el.a(
            rx.el.span(class_name="facet-mark", aria_hidden="true"),
            rx.el.bdi(one["words"], class_name="clip"),
            rx.el.span(one["count"], class_name="num"),
            href=one["href"],
            prevent_scroll_reset=True,
            aria_current=rx.cond(one["chosen"], "true", "false"),
            class_name="facet-choice",
        ),
    )
