"""The page of a source set (its sources) or of a source (what it is, and its features as a list)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import reflex as rx

from memicos_app.components.adding_links import upload_address
from memicos_app.components.compare_address import compare_path
from memicos_app.components.copy import command
from memicos_app.components.empty import Suggestion, empty, failed, not_found, skeleton_rows
from memicos_app.components.facet_cards import FacetsState, facet_cards
from memicos_app.components.feature_browser import BrowserState, feature_browser
from memicos_app.components.figures import count, share
from memicos_app.components.jump import place
from memicos_app.components.keys import kbd
from memicos_app.components.layout import card, crumbs, page, page_head
from memicos_app.components.list_address import Asked
from memicos_app.components.rights import declares
from memicos_app.components.seen_by import SeenBy, seen_by
from memicos_app.components.source_downloads import source_downloads
from memicos_app.components.source_overview import Overview, overview, overview_cards
from memicos_app.components.source_rows import (
    NO_SET,
    SetBlock,
    hook_words,
    sae_path,
    set_block,
    source_table,
    strip_of_layers,
    todo,
)
from memicos_app.components.ways_in import random_button, search_card, steer_link
from memicos_app.library import catalog, ownership
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import LibraryError, NotFoundError
from memicos_app.library.views import ModelView, SourceDetail, SourceSetView, SourceView


@declares(Right.READ)
class SourceState(rx.State):
    """What the page of one source, or of one source set, shows."""

    kind: str = ""
    """`set`, `source`, `todo` (a source that is not here yet), `missing`, or empty while it is read."""
    r_model: str = ""
    r_source: str = ""
    name: str = ""
    set_name: str = ""
    description: str = ""
    credit: str = ""
    """What kind of set it is, and whose."""
    summary: list[tuple[str, str]] = []
    block: SetBlock = NO_SET
    in_set: str = ""
    """The set's sources that can be searched, as a JSON list."""
    cards: Overview = Overview()
    todo: str = ""
    announced: bool = False
    """Whether nothing of it is here or known to lie anywhere."""
    upload_href: str = ""
    """Where files for it are dropped; empty where the visitor may not."""
    missing: str = ""
    suggestions: list[Suggestion] = []
    problem: str = ""

    @rx.var
    def title(self) -> str:
        if self.kind == "missing":
            return "Not found · MemicOS"
        return f"{self.r_source} · {self.r_model} · MemicOS" if self.r_source else "MemicOS"

    @rx.var
    def set_href(self) -> str:
        return place(self.r_model, self.set_name)

    @rx.var
    def compare_href(self) -> str:
        return compare_path(f"{self.r_model}/{self.r_source}")

    @rx.var
    def steer_href(self) -> str:
        return place(self.r_model, "steer" if self.r_model else "")

    @rx.var
    def map_href(self) -> str:
        return place(self.r_model, self.r_source, "map")

    @rx.event
    async def load(self) -> AsyncIterator[Any]:
        """Read the source or set of the address, and the page of the list that it asks for."""
        model_id, source_id = str(self.model_id), str(self.source_id)  # type: ignore[attr-defined]  # of the route
        browser = await self.get_state(BrowserState)
        try:
            if (model_id, source_id) != (self.r_model, self.r_source) or self.kind in ("", "missing", "todo"):
                self.reset()
                browser.forget()
                self.r_model, self.r_source = model_id, source_id
                yield
                await self._read()
            if self.kind == "source":
                asked = Asked.of(self.router.url.query_parameters)
                await browser.show(model_id, source_id, asked)
                yield (await self.get_state(FacetsState)).ask(model_id, source_id, asked)
        except NotFoundError as error:
            self.kind, self.missing = "missing", error.message
            self.suggestions = await neighbours(model_id)
        except LibraryError as error:
            self.problem = error.message

    async def _read(self) -> None:
        found = await catalog.set_or_source(self.r_model, self.r_source)
        if isinstance(found, SourceDetail):
            self._show_source(found)
        else:
            self._show_set(found, await catalog.model(self.r_model))

    def _show_set(self, found: SourceSetView, model: ModelView) -> None:
        self.block = set_block(found, model.layers)
        self.name, self.set_name, self.description = found.name, found.name, found.description
        self.credit = " · ".join(filter(None, (found.type, found.creator_name and f"by {found.creator_name}")))
        self.summary = set_summary(found.sources)
        self.in_set = json.dumps([source.id for source in found.sources if source.n_dashboards])
        self.kind = "set"

    def _show_source(self, detail: SourceDetail) -> None:
        source = detail.source
        self.name, self.set_name = hook_words(source.hook_name, source.layer), source.set_name
        self.name = self.name[:1].upper() + self.name[1:]
        self.description, self.todo = source.description, todo(source)
        self.announced = source.state == "empty"
        self.upload_href = upload_address(source.model_id, source.id) if ownership.may_edit() else ""
        self.summary = source_summary(detail)
        self.cards = overview(detail, sae_path(source.model_id, source.id))
        self.kind = "source" if source.n_dashboards else "todo"


def set_summary(sources: list[SourceView]) -> list[tuple[str, str]]:
    """(figure, words) under the name of a set."""
    ready = [source for source in sources if source.n_dashboards]
    return [
        (count(len(sources)), "sources" if len(sources) != 1 else "source"),
        (count(len(ready)), "browsable"),
        (count(sum(source.n_dashboards for source in sources)), "features"),
    ]


def source_summary(detail: SourceDetail) -> list[tuple[str, str]]:
    """(figure, words) under the name of a source."""
    source = detail.source
    if not source.n_dashboards:
        return [(count(source.n_features), "features")]
    explained = source.n_explained / source.n_dashboards
    return [
        (count(source.n_dashboards), f"of {count(source.n_features)} features live"),
        (share(explained), "explained"),
        (count(detail.skipped), "dead or too sparse"),
    ]


async def neighbours(model_id: str) -> list[Suggestion]:
    """What exists near an address that leads nowhere: the sources of the model, else the models."""
    try:
        sets = await catalog.source_sets(model_id)
    except NotFoundError:
        return [Suggestion(words=one.display_name, note=one.id, href=place(one.id)) for one in await catalog.models()]
    return [
        Suggestion(words=source.id, note=hook_words(source.hook_name, source.layer), href=place(model_id, source.id))
        for one in sets
        for source in one.sources
    ]


@rx.page(route="/[model_id]/[source_id]", title=SourceState.title, on_load=[SourceState.load, SeenBy.load])
def source_page() -> rx.Component:
    return page(
        rx.cond(
            SourceState.kind == "missing",
            not_found("There is no such source here", SourceState.missing, SourceState.suggestions),
            rx.fragment(head(), rx.cond(SourceState.kind == "set", set_content(), source_content())),
        ),
        active="browse",
    )


def head() -> rx.Component:
    is_set = SourceState.kind == "set"
    model = (SourceState.r_model, "/" + SourceState.r_model)
    return rx.fragment(
        page_head(
            rx.cond(
                is_set,
                crumbs(model, (SourceState.r_source, "")),
                crumbs(model, (SourceState.set_name, SourceState.set_href), (SourceState.r_source, "")),
            ),
            rx.cond(
                SourceState.kind == "todo",
                rx.fragment(),
                random_button(SourceState.r_model, rx.cond(is_set, "", SourceState.r_source)),
            ),
            rx.cond(
                SourceState.kind == "source",
                rx.el.a(
                    "Map ", kbd("m"), href=SourceState.map_href, data_key="m", data_key_label="map", class_name="btn"
                ),
            ),
            rx.cond(
                SourceState.kind == "source",
                source_downloads(SourceState.r_model, SourceState.r_source, BrowserState.indices),
            ),
            rx.cond(
                SourceState.kind == "source",
                rx.el.a("Compare", href=SourceState.compare_href, class_name="btn hide-phone"),
            ),
            rx.cond(
                SourceState.upload_href != "",
                rx.el.a("Upload", href=SourceState.upload_href, class_name="btn hide-phone"),
            ),
            steer_link(SourceState.steer_href),
        ),
        rx.el.div(
            rx.el.h1(rx.cond(SourceState.name != "", SourceState.name, SourceState.r_source), class_name="title iso"),
            seen_by(),
            class_name="titled",
        ),
        rx.el.div(rx.foreach(SourceState.summary, counted), class_name="meta"),
        rx.cond(SourceState.problem != "", failed(SourceState.problem)),
    )


def counted(one: rx.Var[tuple[str, str]]) -> rx.Component:
    return rx.el.span(rx.el.b(one[0]), " ", one[1])


def set_content() -> rx.Component:
    return rx.el.div(
        card(
            rx.el.div(
                rx.el.p(SourceState.description, class_name="muted iso"),
                rx.cond(SourceState.credit != "", rx.el.p(SourceState.credit, class_name="small faint iso")),
                strip_of_layers(SourceState.block["layers"]),
                class_name="card-body stack tight",
            ),
            source_table(SourceState.block["rows"]),
            title="Sources",
        ),
        rx.el.div(
            search_card(model_id=SourceState.r_model, sources=SourceState.in_set, within="of this set"),
            class_name="side",
        ),
        class_name="cols flip",
    )


def source_content() -> rx.Component:
    return rx.el.div(
        rx.cond(SourceState.kind == "todo", rx.el.span(), facet_cards()),
        rx.el.div(
            rx.cond(
                SourceState.kind == "source",
                search_card(model_id=SourceState.r_model, sources=SourceState.r_source, within="of this source"),
            ),
            rx.cond(SourceState.kind != "", overview_cards(SourceState.cards), card(skeleton_rows(9))),
            class_name="side",
        ),
        rx.el.div(
            rx.cond(SourceState.kind == "todo", bring_in(), feature_browser()),
            class_name="stack",
        ),
        class_name="cols source",
    )


def bring_in() -> rx.Component:
    """A source whose weights or dataset is known but whose features are not in the database."""
    return card(
        rx.cond(
            SourceState.todo != "",
            empty(
                "Its features are not here yet",
                "This command brings them in, with progress; it goes on where it stopped when it is run again.",
                command(SourceState.todo),
            ),
            rx.cond(
                SourceState.announced,
                nothing_yet(),
                empty("Its features are being brought in", "Reload in a moment.", skeleton_rows(2)),
            ),
        )
    )


def nothing_yet() -> rx.Component:
    """A source that somebody announced."""
    return empty(
        "Nothing was uploaded yet",
        "Features come in as batch files of SAEDashboard, dropped on a page or by a command.",
        rx.cond(
            SourceState.upload_href != "",
            rx.el.p(rx.el.a("Upload features", href=SourceState.upload_href, class_name="btn primary")),
        ),
        command("memicos upload FOLDER"),
    )
