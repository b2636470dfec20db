"""Compare two sources, or two features: both stand in the address."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import reflex as rx
from reflex.event import EventSpec

from memicos_app.components.compare_address import PATH, Compared, Kind, plain
from memicos_app.components.compare_features import FeaturesState, compared_features
from memicos_app.components.compare_sources import SourcesState, compared_sources
from memicos_app.components.copy_button import copy_button
from memicos_app.components.empty import empty, failed
from memicos_app.components.layout import page
from memicos_app.components.rights import declares
from memicos_app.library import catalog
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import LibraryError

LIST = "compare-sources"


@declares(Right.READ)
class CompareState(rx.State):
    """What the address compares, and what could be chosen."""

    kind: Kind = ""
    a: str = ""
    b: str = ""
    round: int = 0
    problem: str = ""
    sources: list[str] = []
    loaded: bool = False
    _asked: Compared = Compared()

    @rx.var
    def title(self) -> str:
        return f"{self.a} and {self.b} · MemicOS" if self.a and self.b else "Compare · MemicOS"

    @rx.event
    async def load(self) -> AsyncIterator[Any]:
        """Read both sides of the address."""
        asked = Compared.of(self.router.url.query_parameters)
        if (asked.a, asked.b) != (self.a, self.b):
            self.round += 1
        self._asked, self.a, self.b, self.problem, self.kind = asked, asked.a, asked.b, "", ""
        yield
        try:
            if not self.sources:
                self.sources = await every_source()
            kind = asked.kind
            if kind == "sources":
                await (await self.get_state(SourcesState)).show(asked)
                yield SourcesState.match()
            elif kind == "features":
                await (await self.get_state(FeaturesState)).show(asked)
                yield FeaturesState.ask()
            self.kind = kind
        except LibraryError as error:
            self.problem = error.message
        self.loaded = True

    @rx.event
    def submit(self, form: dict[str, Any]) -> EventSpec:
        sides = {name: plain(str(form.get(name, ""))) for name in ("a", "b")}
        return rx.redirect(replace(self._asked, **sides).address)

    @rx.event
    def swap(self) -> EventSpec:
        return rx.redirect(replace(self._asked, a=self._asked.b, b=self._asked.a).address)


async def every_source() -> list[str]:
    """Sources with features, as one writes them."""
    found = []
    for model in await catalog.models():
        for one in await catalog.source_sets(model.id):
            found += [f"{model.id}/{source.id}" for source in one.sources if source.state == "ready"]
    return found


@rx.page(route=PATH, title=CompareState.title, on_load=CompareState.load)
def compare_page() -> rx.Component:
    return page(
        rx.el.div(
            rx.el.h1("Compare", class_name="title"),
            rx.cond(CompareState.kind != "", copy_button(text="", label="Copy link", class_name="btn")),
            class_name="spread wrap quick-head",
        ),
        rx.el.div(
            form(),
            rx.cond(CompareState.problem != "", failed(CompareState.problem)),
            rx.match(
                CompareState.kind,
                ("sources", compared_sources()),
                ("features", compared_features()),
                rx.cond(CompareState.loaded & (CompareState.problem == ""), hint(), rx.fragment()),
            ),
            class_name="stack",
        ),
        active="browse",
    )


def form() -> rx.Component:
    return rx.el.form(
        side("a", "A", CompareState.a),
        rx.el.button(
            "⇄",
            type="button",
            aria_label="Swap both",
            title="Swap both",
            on_click=CompareState.swap,
            class_name="btn icon",
        ),
        side("b", "B", CompareState.b),
        rx.el.button("Compare", type="submit", class_name="btn primary"),
        rx.el.datalist(rx.foreach(CompareState.sources, lambda name: rx.el.option(value=name)), id=LIST),
        on_submit=CompareState.submit,
        class_name="card compare-form",
    )


def side(name: str, mark: str, given: rx.Var[str]) -> rx.Component:
    return rx.el.label(
        rx.el.span(rx.el.span(mark, class_name=f"side-mark {name}"), "source or feature", class_name="label"),
        rx.el.input(
            key=CompareState.round.to_string() + name,
            name=name,
            default_value=given,
            list=LIST,
            placeholder="model/source, or model/source/index",
            auto_complete="off",
            spell_check=False,
            class_name="input",
        ),
        class_name="field",
    )


def hint() -> rx.Component:
    return rx.el.section(
        empty(
            "Choose two",
            "Two sources show their distributions over each other and which of their features match; two features "
            "their dashboards, what they share, and whether they fire together on your text.",
        ),
        class_name="card",
    )
