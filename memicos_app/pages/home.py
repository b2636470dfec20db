"""The home page: what there is, a way to any feature, and steering in small."""

from __future__ import annotations

from typing import Any, TypedDict

import reflex as rx
from reflex.event import EventSpec

from memicos_app.components.adding_links import adding_links
from memicos_app.components.empty import Suggestion, empty_with_command
from memicos_app.components.explanations_asked import search_in
from memicos_app.components.figures import count
from memicos_app.components.held import held_select
from memicos_app.components.jump import outside, place
from memicos_app.components.layout import card, page
from memicos_app.components.random_card import RandomState, random_card
from memicos_app.components.rights import declares
from memicos_app.components.source_rows import todo
from memicos_app.components.teaser import TeaserState, teaser
from memicos_app.components.visible_text import one_line
from memicos_app.components.ways_in import search_card
from memicos_app.library import catalog, ownership
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import LibraryError
from memicos_app.library.views import ModelView, ReleaseView, SourceView
from memicos_app.settings import get_settings

EXAMPLES = ("energy", "president", "Shakespeare", "Python")


class ModelRow(TypedDict):
    """A model of the table."""

    key: str
    name: str
    href: str
    size: str
    sources: str
    features: str
    explained: str


class ReleaseRow(TypedDict):
    """A release of the table."""

    name: str
    description: str
    author: str
    url: str
    features: str
    sets: list[Suggestion]
    search_href: str


class JumpPlace(TypedDict):
    """A source of the jump card."""

    model: str
    source: str
    words: str


@declares(Right.READ)
class HomeState(rx.State):
    """What the database holds, in short."""

    loaded: bool = False
    may_edit: bool = False
    problem: str = ""
    summary: list[tuple[str, str]] = []
    model_rows: list[ModelRow] = []
    release_rows: list[ReleaseRow] = []
    places: list[JumpPlace] = []
    begin: str = "memicos sources"
    jump_model: str = ""
    jump_source: str = ""

    @rx.var
    def is_empty(self) -> bool:
        """Whether there is nothing to browse yet."""
        return self.loaded and not self.places

    @rx.var
    def jump_sources(self) -> list[JumpPlace]:
        return [one for one in self.places if one["model"] == self.jump_model]

    @rx.event
    async def load(self) -> None:
        """Read models, releases and counts; draw a feature."""
        self.may_edit = ownership.may_edit()
        try:
            models = await catalog.models()
            self.model_rows = [model_row(model) for model in models]
            sources = await all_sources(models)
            self.release_rows = [release_row(release, sources) for release in await catalog.releases()]
            self.summary = summary(await catalog.counts())
            self.places = [jump_place(source) for source in sources if source.state == "ready"]
            self.begin = next(filter(None, map(todo, sources)), "memicos generate")
            await self._choose(models)
            self.problem = ""
        except LibraryError as error:
            self.problem = error.message
        self.loaded = True

    async def _choose(self, models: list[ModelView]) -> None:
        """The defaults of the jump card and of the panel, of the model that inference has; a feature by chance."""
        served = sorted(models, key=lambda one: one.id not in get_settings().model_names)
        first = next((model for model in served if any(one["model"] == model.id for one in self.places)), None)
        if first is None:
            return
        sources = [one["source"] for one in self.places if one["model"] == first.id]
        self.jump_model = first.id
        self.jump_source = first.default_source_id if first.default_source_id in sources else sources[0]
        await (await self.get_state(TeaserState)).show(first.id, self.jump_source)
        await (await self.get_state(RandomState)).show()

    @rx.event
    def choose_model(self, model_id: str) -> None:
        self.jump_model = model_id
        self.jump_source = next((one["source"] for one in self.jump_sources), "")

    @rx.event
    def choose_source(self, source_id: str) -> None:
        self.jump_source = source_id

    @rx.event
    def go(self, form: dict[str, Any]) -> EventSpec:
        index = str(form.get("number", "")).strip()
        parts = [self.jump_model, self.jump_source, index]
        return rx.redirect(place(*(part for part in parts if part)))


def summary(counts: dict[str, int]) -> list[tuple[str, str]]:
    """(figure, words) of what there is to browse."""
    words = {"sources": ("source to browse", "sources to browse")}
    return [
        (count(number), words.get(name, (name.removesuffix("s"), name))[number != 1])
        for name, number in counts.items()
    ]


def model_row(model: ModelView) -> ModelRow:
    width = f" × {count(model.dimension)}" if model.dimension else ""
    return ModelRow(
        key=model.id,
        name=model.display_name,
        href=place(model.id),
        size=f"{model.layers}{width}",
        sources=count(model.n_sources),
        features=count(model.n_features),
        explained=count(model.n_explanations),
    )


def release_row(release: ReleaseView, sources: list[SourceView]) -> ReleaseRow:
    own = [one for one in sources if one.model_id in release.model_ids and one.set_name in release.set_names]
    sets = sorted({(one.model_id, one.set_name) for one in own})
    return ReleaseRow(
        name=release.name,
        description=one_line(release.description),
        author=release.creator_name,
        url=outside(next(iter(release.urls), "")),
        features=count(sum(one.n_dashboards for one in own)),
        sets=[Suggestion(words=name, note=model, href=place(model, name)) for model, name in sets[:12]],
        search_href=search_in(releaseName=release.name),
    )


async def all_sources(models: list[ModelView]) -> list[SourceView]:
    """Every source, those that can be imported before those that have to be made."""
    sets = [source_set for model in models for source_set in await catalog.source_sets(model.id)]
    return sorted((source for one in sets for source in one.sources), key=lambda source: source.state)


def jump_place(source: SourceView) -> JumpPlace:
    return JumpPlace(model=source.model_id, source=source.id, words=source.id)


@rx.page(route="/", title="MemicOS", on_load=HomeState.load)
def home() -> rx.Component:
    return page(
        rx.el.h1("Look inside a language model", class_name="title"),
        rx.el.p(
            "See what each feature of a sparse autoencoder responds to, test it on text of your own, "
            "and steer the model with it.",
            class_name="muted lead",
        ),
        rx.cond(
            HomeState.is_empty, rx.fragment(), rx.el.div(rx.foreach(HomeState.summary, counted), class_name="meta")
        ),
        rx.cond(HomeState.problem != "", rx.el.p(HomeState.problem, class_name="notice rose", role="alert")),
        rx.cond(HomeState.is_empty, first_start(), contents()),
    )


def counted(one: rx.Var[tuple[str, str]]) -> rx.Component:
    return rx.el.span(rx.el.b(one[0]), " ", one[1])


def first_start() -> rx.Component:
    return card(
        empty_with_command(
            "Nothing to browse yet",
            "The database is ready but holds no features. One command brings some in; "
            "when it is done, reload this page.",
            HomeState.begin,
        ),
        rx.cond(
            HomeState.model_rows.length() > 0,
            rx.el.ul(rx.foreach(HomeState.model_rows, announced), class_name="card-rows"),
        ),
        title="Begin",
        aside=rx.cond(HomeState.may_edit, adding_links(), rx.fragment()),
    )


def announced(row: rx.Var[ModelRow]) -> rx.Component:
    """A model that has a place here and no features yet."""
    return rx.el.li(
        rx.el.a(row["name"], href=row["href"], class_name="link strong"),
        rx.el.span(row["key"], class_name="faint small"),
        class_name="spread",
    )


def contents() -> rx.Component:
    return rx.el.div(
        rx.el.div(teaser(), models_card(), releases_card(), class_name="stack"),
        rx.el.div(search_card(*EXAMPLES), jump_card(), random_card(), class_name="side"),
        class_name="cols flip",
    )


def jump_card() -> rx.Component:
    return card(
        rx.el.form(
            labelled("Model", model_select()),
            rx.el.div(
                labelled("Source", source_select()),
                labelled("Index", index_box()),
                rx.el.button("Go ", rx.el.span("⏎", aria_hidden="true"), type="submit", class_name="btn primary"),
                class_name="jump-line",
            ),
            on_submit=HomeState.go,
            class_name="card-body stack tight",
        ),
        title="Jump to a feature",
    )


def labelled(words: str, control: rx.Component) -> rx.Component:
    return rx.el.label(rx.el.span(words, class_name="label"), control, class_name="field")


def model_select() -> rx.Component:
    return held_select(
        rx.foreach(HomeState.model_rows, lambda one: rx.el.option(one["name"], value=one["key"])),
        value=HomeState.jump_model,
        on_change=HomeState.choose_model,
        class_name="select",
    )


def source_select() -> rx.Component:
    return held_select(
        rx.foreach(HomeState.jump_sources, lambda one: rx.el.option(one["words"], value=one["source"])),
        value=HomeState.jump_source,
        on_change=HomeState.choose_source,
        class_name="select",
    )


def index_box() -> rx.Component:
    return rx.el.input(
        name="number",
        type="number",
        min=0,
        step=1,
        placeholder="0",
        input_mode="numeric",
        class_name="input",
        data_key="i",
        data_key_label="type an index",
    )


def models_card() -> rx.Component:
    return card(
        rx.el.div(
            rx.el.table(
                rx.el.thead(
                    rx.el.tr(
                        rx.el.th("model", scope="col"),
                        rx.el.th("layers × width", class_name="num hide-phone", scope="col"),
                        rx.el.th("sources", class_name="num", scope="col"),
                        rx.el.th("features", class_name="num", scope="col"),
                        rx.el.th("explanations", class_name="num hide-phone", scope="col"),
                    )
                ),
                rx.el.tbody(rx.foreach(HomeState.model_rows, model_line), data_list=""),
                class_name="table",
            ),
            class_name="table-scroll",
        ),
        title="Models",
        aside=rx.cond(HomeState.may_edit, adding_links(), rx.fragment()),
    )


def model_line(row: rx.Var[ModelRow]) -> rx.Component:
    return rx.el.tr(
        rx.el.td(
            rx.el.a(rx.el.span(row["name"], class_name="strong"), href=row["href"], data_item="", class_name="cover"),
            " ",
            rx.el.span(row["key"], class_name="faint small hide-phone"),
        ),
        rx.el.td(row["size"], class_name="num hide-phone"),
        rx.el.td(row["sources"], class_name="num"),
        rx.el.td(row["features"], class_name="num"),
        rx.el.td(row["explained"], class_name="num hide-phone"),
    )


def releases_card() -> rx.Component:
    return rx.cond(
        HomeState.release_rows.length() > 0,
        card(
            rx.el.ul(rx.foreach(HomeState.release_rows, release_line), class_name="card-rows"),
            title="Releases",
        ),
        rx.fragment(),
    )


def release_line(row: rx.Var[ReleaseRow]) -> rx.Component:
    """A release: what it is and whose, how much of it is here, and the ways in."""
    linked = rx.el.a(row["author"], href=row["url"], target="_blank", rel="noreferrer", class_name="link")
    return rx.el.li(
        rx.el.div(
            rx.el.b(row["name"], class_name="strong"),
            " ",
            rx.el.span(row["description"], class_name="muted iso"),
            rx.el.div(
                rx.el.b(row["features"], class_name="num"),
                " features by ",
                rx.cond(row["url"] != "", linked, row["author"]),
                class_name="small muted",
            ),
            class_name="grow",
        ),
        rx.el.div(
            rx.foreach(row["sets"], lambda one: rx.el.a(one["words"], href=one["href"], class_name="btn small")),
            rx.el.a("Search its explanations", href=row["search_href"], class_name="btn small quiet"),
            class_name="row wrap",
        ),
        class_name="spread wrap release",
    )
