"""The page of a model: what it is, its source sets layer by layer, and ways into its features."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace

import reflex as rx
from reflex.event import EventSpec

from memicos_app.components.empty import Suggestion, empty_with_command, failed, not_found, skeleton_rows
from memicos_app.components.figures import count
from memicos_app.components.jump import outside, place
from memicos_app.components.layout import card, crumbs, page, page_head
from memicos_app.components.rights import declares
from memicos_app.components.seen_by import SeenBy, mark, seen_by
from memicos_app.components.source_rows import SetBlock, set_block, source_table, strip_of_layers
from memicos_app.components.text_asked import SearchAsked
from memicos_app.components.ways_in import facts_card, random_button, search_card, steer_link
from memicos_app.library import catalog
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import LibraryError, NotFoundError
from memicos_app.library.views import ModelView


@declares(Right.READ)
class ModelState(rx.State):
    """What the page of one model shows."""

    loaded: bool = False
    r_model: str = ""
    name: str = ""
    website: str = ""
    summary: list[tuple[str, str]] = []
    facts: list[tuple[str, str]] = []
    blocks: list[SetBlock] = []
    missing: str = ""
    suggestions: list[Suggestion] = []
    problem: str = ""

    @rx.var
    def title(self) -> str:
        if self.missing:
            return "Not found · MemicOS"
        return f"{self.name} · MemicOS" if self.name else "MemicOS"

    @rx.var
    def steer_href(self) -> str:
        return place(self.r_model, "steer" if self.r_model else "")

    @rx.event
    async def load(self) -> AsyncIterator[EventSpec | None]:
        """Read the model of the address; with a text (`?q=`) it is a search on this model."""
        model_id = str(self.model_id)  # type: ignore[attr-defined]  # the route's argument
        if self.router.url.query_parameters.get("q", "").strip():
            yield rx.redirect(text_search(model_id, self.router.url.query_parameters), replace=True)
            return
        if model_id != self.r_model:
            self.reset()
            self.r_model = model_id
            yield None
        try:
            await self._read(model_id)
        except NotFoundError as error:
            self.missing, self.suggestions = error.message, await known_models()
        except LibraryError as error:
            self.problem = error.message
        self.loaded = True

    async def _read(self, model_id: str) -> None:
        model = await catalog.model(model_id)
        self.blocks = [set_block(one, model.layers) for one in await catalog.source_sets(model_id)]
        self.name, self.website = model.display_name, outside(model.website)
        self.summary, self.facts = summary(model), facts(model)
        self.missing = self.problem = ""


def text_search(model_id: str, parameters: Mapping[str, str]) -> str:
    """The page of a search by text that a model's address asks for."""
    return replace(SearchAsked.of(parameters), model_id=model_id).address


def summary(model: ModelView) -> list[tuple[str, str]]:
    """What the page says under the model's name."""
    width = [("wide", count(model.dimension))] if model.dimension else []
    return [
        ("layers", count(model.layers)),
        *width,
        ("features", count(model.n_features)),
        ("explanations", count(model.n_explanations)),
    ]


def facts(model: ModelView) -> list[tuple[str, str]]:
    """(words, figure) of what is known of a model."""
    known = [
        ("by", model.owner),
        ("layers", count(model.layers)),
        ("width", count(model.dimension) if model.dimension else ""),
        ("tuned for chat", "yes" if model.instruct else "no"),
        ("sources", count(model.n_sources)),
        ("features", count(model.n_features)),
        ("explanations", count(model.n_explanations)),
        ("inference", "served here" if model.inference_enabled else "not served here"),
    ]
    return [(words, figure) for words, figure in known if figure]


async def known_models() -> list[Suggestion]:
    return [
        Suggestion(words=model.display_name, note=model.id, href=place(model.id)) for model in await catalog.models()
    ]


@rx.page(route="/[model_id]", title=ModelState.title, on_load=[ModelState.load, SeenBy.load])
def model_page() -> rx.Component:
    return page(
        rx.cond(
            ModelState.missing != "",
            not_found("There is no such model here", ModelState.missing, ModelState.suggestions),
            model_content(),
        ),
        active="browse",
    )


def model_content() -> rx.Component:
    return rx.fragment(
        page_head(
            crumbs(("Models", "/"), (ModelState.r_model, "")),
            random_button(ModelState.r_model),
            steer_link(ModelState.steer_href),
        ),
        rx.el.div(
            rx.el.h1(rx.cond(ModelState.name != "", ModelState.name, ModelState.r_model), class_name="title iso"),
            seen_by(),
            class_name="titled",
        ),
        rx.el.div(rx.foreach(ModelState.summary, counted), class_name="meta"),
        rx.cond(ModelState.problem != "", failed(ModelState.problem)),
        rx.el.div(
            rx.el.div(
                rx.cond(ModelState.loaded, sets(), card(skeleton_rows(6), title="Sources")), class_name="stack"
            ),
            rx.el.div(
                search_card(model_id=ModelState.r_model, within="of this model"),
                facts_card("About this model", ModelState.facts, website()),
                class_name="side",
            ),
            class_name="cols flip",
        ),
    )


def counted(one: rx.Var[tuple[str, str]]) -> rx.Component:
    return rx.el.span(rx.el.b(one[1]), " ", one[0])


def website() -> rx.Component:
    return rx.cond(
        ModelState.website != "",
        rx.el.a("Model card ↗", href=ModelState.website, target="_blank", rel="noreferrer", class_name="link small"),
        rx.fragment(),
    )


def sets() -> rx.Component:
    return rx.cond(
        ModelState.blocks.length() > 0,
        rx.fragment(rx.foreach(ModelState.blocks, set_card)),
        card(
            empty_with_command(
                "No sources yet",
                "A source is one sparse autoencoder at one hook point. Bring one in from a dataset, "
                "or make dashboards for an SAE of your own.",
                "memicos generate",
            )
        ),
    )


def set_card(block: rx.Var[SetBlock]) -> rx.Component:
    """A source set: its layers at a glance, then its sources."""
    return rx.el.section(
        rx.el.div(
            rx.el.h2(rx.el.a(block["name"], href=block["href"], class_name="strong")),
            rx.el.span(
                rx.cond(block["seen"] != "", mark(block["seen"])),
                rx.cond(block["release"] != "", rx.el.span(block["release"], class_name="chip")),
                class_name="row",
            ),
            class_name="card-head",
        ),
        rx.el.div(
            rx.el.p(block["description"], class_name="muted iso"),
            strip_of_layers(block["layers"]),
            class_name="card-body stack tight",
        ),
        source_table(block["rows"]),
        class_name="card",
    )
