"""Features of other sources that write alike, on a feature's page: looked for when asked, a source at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TypedDict

import reflex as rx

from memicos_app.components.compare_address import compare_path
from memicos_app.components.feature_address import feature_path
from memicos_app.components.feature_display import FeatureDisplay, Shown
from memicos_app.components.layout import card
from memicos_app.components.patience import patiently
from memicos_app.components.rights import declares, needs
from memicos_app.components.visible_text import one_line
from memicos_app.library import similar_elsewhere
from memicos_app.library.accounts.rights import Right
from memicos_app.library.directions import Alike
from memicos_app.library.errors import LibraryError

EACH, MOST = 5, 12
Place = tuple[str, str, int]


class ElsewhereRow(TypedDict):
    """A feature of another source."""

    words: str
    place: str
    cosine: str
    href: str
    compare: str


@declares(Right.READ)
class ElsewhereState(rx.State):
    """What was found for the feature on screen."""

    shown_for: str = ""
    """Path of the feature that was looked for."""
    rows: list[ElsewhereRow] = []
    told: str = ""
    left_out: list[str] = []
    busy: bool = False
    problem: str = ""
    _found: list[Alike] = []

    def _place(self) -> Place:
        names = (str(getattr(self, name, "")) for name in ("model_id", "source_id", "index"))
        model_id, source_id, index = names
        return model_id, source_id, int(index) if index.isascii() and index.isdigit() else -1

    @rx.event(background=True, supersedes=True)
    @needs(Right.RUN)
    async def look(self) -> AsyncIterator[None]:
        """Look in every other source that the worker serves; what is found is shown as it comes."""
        async with self:
            place = self._place()
            self._begin(place)
        if place[2] < 0:
            return
        try:
            targets = await patiently(lambda: similar_elsewhere.comparable(*place[:2]), self._wait)
            done = 0
            async for one in similar_elsewhere.elsewhere(*place, targets, limit=EACH):
                done += 1
                async with self:
                    self._found = sorted([*self._found, *one.found], key=lambda each: -each.cosine)[:MOST]
                    self.rows = [row(place, each) for each in self._found]
                    self.told, self.problem = f"{done} of {len(targets)} sources", ""
                    if one.problem:
                        self.left_out = [*self.left_out, one.problem]
                yield
        except LibraryError as error:
            await self._tell(error.message)
        async with self:
            self.busy = False

    def _begin(self, place: Place) -> None:
        self.shown_for = feature_path(*place)
        self._found, self.rows, self.left_out = [], [], []
        self.told, self.problem, self.busy = "", "", True

    async def _wait(self, problem: str) -> None:
        await self._tell(problem.replace(" Your text is kept and searched as soon as it answers.", ""))

    async def _tell(self, problem: str) -> None:
        async with self:
            self.problem = problem


def row(place: Place, one: Alike) -> ElsewhereRow:
    model_id, source_id, index = place
    return ElsewhereRow(
        words=one_line(one.facts.explanation, 200) or f"feature {one.index}",
        place=f"{one.source_id}/{one.index}",
        cosine=f"{one.cosine:.2f}",
        href=feature_path(model_id, one.source_id, one.index),
        compare=compare_path(f"{model_id}/{source_id}/{index}", f"{model_id}/{one.source_id}/{one.index}"),
    )


def similar_in_other_sources(feature: Shown[FeatureDisplay]) -> rx.Component:
    """The card; what belongs to another feature is not shown."""
    path = "/" + feature.model + "/" + feature.source + "/" + feature.number
    is_its = ElsewhereState.shown_for == path
    return card(
        rx.cond(
            is_its,
            rx.fragment(
                rx.el.ol(rx.foreach(ElsewhereState.rows, drawn)),
                rx.cond(
                    ElsewhereState.problem != "",
                    rx.el.p(ElsewhereState.problem, class_name="card-body small warn-text iso", role="alert"),
                ),
                rx.cond(
                    ElsewhereState.left_out.length() > 0,
                    rx.el.details(
                        rx.el.summary(
                            ElsewhereState.left_out.length(), " could not be compared", class_name="small muted"
                        ),
                        rx.el.ul(rx.foreach(ElsewhereState.left_out, told), class_name="small muted card-body"),
                    ),
                ),
            ),
            rx.el.p(
                rx.el.button(
                    "Look in other sources", type="button", on_click=ElsewhereState.look, class_name="btn small"
                ),
                class_name="card-body",
            ),
        ),
        title="Alike in other sources",
        aside=rx.cond(
            is_its,
            rx.el.span(rx.cond(ElsewhereState.told != "", ElsewhereState.told, "asking…"), class_name="small"),
            rx.el.span("cosine", class_name="small"),
        ),
        class_name="related elsewhere",
    )


def drawn(one: rx.Var[ElsewhereRow]) -> rx.Component:
    return rx.el.li(
        rx.el.a(
            rx.el.span(
                rx.el.bdi(one["words"], class_name="clip"),
                rx.el.span(one["place"], class_name="related-place mono"),
                class_name="clip",
            ),
            rx.el.span(one["cosine"], class_name="num muted"),
            href=one["href"],
        ),
        rx.el.a("compare", href=one["compare"], class_name="link tiny related-compare"),
    )


def told(problem: rx.Var[str]) -> rx.Component:
    return rx.el.li(problem, class_name="iso")
