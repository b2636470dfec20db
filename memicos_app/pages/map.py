"""The map of a source: its features on a plane, alone or with other layers, and what is chosen there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import TypedDict
from urllib.parse import urlencode

import reflex as rx
from reflex.event import EventSpec

from memicos_app.components.empty import Suggestion, empty, failed, not_found
from memicos_app.components.feature_map import feature_map
from memicos_app.components.figures import count
from memicos_app.components.jump import place
from memicos_app.components.layout import card, crumbs, page, page_head
from memicos_app.components.map_choice import MapChoice, preview, selection
from memicos_app.components.map_making import MapMaking, making_form, running_maps
from memicos_app.components.rights import declares
from memicos_app.components.ways_in import facts_card
from memicos_app.library import catalog
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import LibraryError, NotFoundError
from memicos_app.library.maps import reading
from memicos_app.library.maps.views import MapView
from memicos_app.pages.source import neighbours

KINDS = {"explanations": "by explanation", "decoder": "by decoder", "imported": "as imported"}


class Choice(TypedDict):
    """A map of this source."""

    words: str
    href: str
    here: bool


@declares(Right.READ)
class MapState(MapChoice, rx.State):
    """Which map is shown, and what is chosen on it."""

    kind: str = ""
    """`map`, `none` (no map yet), `missing` (no such source), or empty while it is read."""
    r_source: str = ""
    address: str = ""
    choices: list[Choice] = []
    summary: list[tuple[str, str]] = []
    made: list[tuple[str, str]] = []
    missing: str = ""
    suggestions: list[Suggestion] = []

    @rx.var
    def title(self) -> str:
        return f"Map of {self.r_source} · {self.r_model} · MemicOS" if self.r_source else "Map · MemicOS"

    @rx.var
    def source_href(self) -> str:
        return place(self.r_model, self.r_source)

    @rx.event
    async def load(self) -> AsyncIterator[EventSpec | None]:
        """Read the maps of the source in the address, and show the one that it asks for."""
        model_id, source_id = str(self.model_id), str(self.source_id)  # type: ignore[attr-defined]  # of the route
        making = await self.get_state(MapMaking)
        self.problem = ""
        try:
            if (model_id, source_id) != (self.r_model, self.r_source):
                self.reset()
                self.r_model, self.r_source = model_id, source_id
                yield None
                await catalog.source(model_id, source_id)
                await making.show(model_id, source_id)
            await self._show(self.router.url.query_parameters)
        except NotFoundError as error:
            self.kind, self.missing = "missing", error.message
            self.suggestions = await neighbours(model_id)
        except LibraryError as error:
            self.problem = error.message

    @rx.event
    async def made_anew(self) -> AsyncIterator[None]:
        """A job has made a map of this source: the newest is shown."""
        try:
            await self._show(self.router.url.query_parameters, newest=True)
        except LibraryError as error:
            self.problem = error.message
        yield

    async def _show(self, asked: Mapping[str, str], *, newest: bool = False) -> None:
        known = await reading.maps_of(self.r_model, self.r_source)
        if not known:
            self.kind, self.map_id = "none", 0
            return
        one = max(known, key=lambda each: each.id) if newest else chosen(known, asked)
        if one.id != self.map_id:
            self.forget_choice()
        self.map_id, self.address, self.kind = one.id, f"/api/map/{one.id}", "map"
        path = place(self.r_model, self.r_source, "map")
        self.choices = [choice(each, path, self.r_source, one.id) for each in known]
        self.summary = [
            (count(one.n_points), "features"),
            (count(len(one.clusters)), "clusters"),
            *([(count(len(one.layers)), "layers")] if len(one.layers) > 1 else []),
        ]
        self.made = made_facts(one)


def chosen(known: list[MapView], asked: Mapping[str, str]) -> MapView:
    """The map that `?by=&with=` asks for, else the first."""
    others = {name for name in asked.get("with", "").split(",") if name}
    by = asked.get("by", "")

    def misses(one: MapView) -> tuple[bool, int]:
        return bool(by) and one.kind != by, len(others ^ set(one.source_ids))

    return min(known, key=misses) if others or by else known[0]


def choice(one: MapView, path: str, source_id: str, shown: int) -> Choice:
    others = [each for each in one.source_ids if each != source_id]
    query = urlencode({"by": one.kind, **({"with": ",".join(others)} if others else {})}, safe=",")
    words = " ".join([KINDS[one.kind], *(f"+ {each}" for each in others)])
    return Choice(words=words, href=f"{path}?{query}", here=one.id == shown)


def made_facts(one: MapView) -> list[tuple[str, str]]:
    """How the map was made, in words."""
    named = {
        "embedder": "embedder",
        "space": "directions in",
        "metric": "distance",
        "neighbours": "neighbours",
        "min_distance": "least distance",
        "seed": "seed",
        "versions": "versions",
        "from": "coordinates",
    }
    facts = [("laid out by", "UMAP" if one.kind != "imported" else "whoever published it")]
    facts += [(words, str(one.made[name])) for name, words in named.items() if one.made.get(name) not in (None, "")]
    facts += [("took", f"{one.made['seconds']:.0f} s")] if one.made.get("seconds") else []
    return [*facts, ("made", f"{one.created_at:%Y-%m-%d %H:%M} UTC")]


@rx.page(route="/[model_id]/[source_id]/map", title=MapState.title, on_load=MapState.load)
def map_page() -> rx.Component:
    return page(
        rx.cond(
            MapState.kind == "missing",
            not_found("There is no such source here", MapState.missing, MapState.suggestions),
            content(),
        ),
        active="browse",
    )


def content() -> rx.Component:
    state = MapState
    return rx.fragment(
        page_head(
            crumbs((state.r_model, place_of(state.r_model)), (state.r_source, state.source_href), ("Map", "")),
            rx.cond(state.choices.length() > 1, which()),
        ),
        rx.el.h1("Map of ", rx.el.span(state.r_source, class_name="iso"), class_name="title"),
        rx.el.div(rx.foreach(state.summary, counted), class_name="meta"),
        rx.cond(state.problem != "", failed(state.problem)),
        rx.el.button(
            type="button", on_click=state.made_anew, hidden=True, aria_hidden="true", tab_index=-1, data_map_made=""
        ),
        rx.el.div(
            rx.el.div(
                rx.cond(state.kind == "none", no_map(), map_card()),
                class_name="stack",
            ),
            rx.el.div(
                preview(state),
                selection(state),
                rx.cond(
                    state.kind == "map",
                    rx.fragment(
                        facts_card("How this map was made", state.made),
                        card(rx.el.div(making_form(), class_name="card-body"), title="Another map"),
                    ),
                ),
                running_maps(),
                class_name="side",
            ),
            class_name="cols flip map-page",
        ),
    )


def place_of(model_id: rx.Var[str]) -> rx.Var[str]:
    return "/" + model_id


def which() -> rx.Component:
    return rx.el.nav(
        rx.foreach(
            MapState.choices,
            lambda one: rx.el.a(one["words"], href=one["href"], aria_current=rx.cond(one["here"], "true", "false")),
        ),
        aria_label="Maps of this source",
        class_name="seg map-which",
    )


def counted(one: rx.Var[tuple[str, str]]) -> rx.Component:
    return rx.el.span(rx.el.b(one[0]), " ", one[1])


def map_card() -> rx.Component:
    return rx.el.section(
        rx.cond(
            MapState.address != "",
            feature_map(
                address=MapState.address, picked=MapState.picked, on_pick=MapState.pick, on_select=MapState.select
            ),
            rx.el.div(class_name="map-frame", aria_busy="true"),
        ),
        aria_label="Map",
        class_name="card map-card",
    )


def no_map() -> rx.Component:
    return card(
        empty(
            "There is no map of this source yet",
            "A map lays features out so that what means the same lies together. A job makes it: about a minute for "
            "4,000 features, some minutes for 100,000.",
            making_form(primary=True),
        )
    )
