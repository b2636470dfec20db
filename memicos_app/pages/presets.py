"""The owner's page of presets: what the steer page offers to begin with, a model at a time."""

from __future__ import annotations

from typing import Any, TypedDict

import reflex as rx

from memicos_app.components.empty import failed, skeleton_rows
from memicos_app.components.held import held_select
from memicos_app.components.layout import card, crumbs, page, page_head
from memicos_app.components.preset_form import NEW, Draft, draft_of, preset_form, written
from memicos_app.components.rights import declares, needs
from memicos_app.library import catalog, ownership, presets
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import LibraryError
from memicos_app.library.preset_text import condition_text
from memicos_app.library.presets import Preset, PresetFeature


class PresetRow(TypedDict):
    """A preset as the list shows it."""

    id: str
    alias: str
    name: str
    what: str
    only: str
    href: str


@declares(Right.READ)
class PresetsState(rx.State):
    """The presets of a model, and the one that is being written."""

    models: list[str] = []
    chosen: str = ""
    features: list[PresetRow] = []
    prompts: list[PresetRow] = []
    draft: Draft = NEW
    turn: int = 0
    eager: bool = False
    """Whether the form takes the focus as it comes."""
    loaded: bool = False
    may_edit: bool = False
    problem: str = ""
    wrong: str = ""
    _found: dict[str, Preset] = {}

    @rx.event
    async def load(self) -> None:
        """List the models and the presets of the first."""
        self.may_edit, self.problem = ownership.may_edit(), ""
        try:
            self.models = [one.id for one in await catalog.models()]
            self.chosen = self.chosen if self.chosen in self.models else next(iter(self.models), "")
            await self._list()
        except LibraryError as error:
            self.problem = error.message
        self.loaded = True

    @rx.event
    async def choose(self, model: str) -> None:
        """Another model."""
        self.chosen, self.draft, self.wrong = model, NEW, ""
        await self._list()

    @rx.event
    def edit(self, preset_id: str) -> None:
        """Write on a preset; an empty id begins a new one."""
        self.wrong = ""
        self.turn += 1
        self.eager = True
        found = self._found.get(preset_id)
        self.draft = draft_of(found) if found else NEW

    @rx.event
    @needs(Right.MANAGE)
    async def keep(self, form: dict[str, Any]) -> Any:
        """Save what is written; what is wrong is said beside it."""
        try:
            ownership.require_owner()
            await presets.save(self._written(form))
            await self._list()
        except LibraryError as error:
            self.wrong = error.message
            return None
        self.draft, self.wrong, self.eager = NEW, "", False
        self.turn += 1
        return rx.toast.success("Preset kept")

    @rx.event
    @needs(Right.MANAGE)
    async def remove(self, preset_id: str) -> Any:
        """Take a preset away."""
        try:
            ownership.require_owner()
            await presets.remove(preset_id)
            await self._list()
        except LibraryError as error:
            return rx.toast.error(error.message)
        if self.draft["id"] == preset_id:
            self.draft, self.eager = NEW, False
            self.turn += 1
        return rx.toast.success("Preset removed")

    async def _list(self) -> None:
        found = await presets.of_model(self.chosen)
        self._found = {one.id: one for one in found}
        self.features = [row_of(one) for one in found if one.kind == "features"]
        self.prompts = [row_of(one) for one in found if one.kind == "prompt"]

    def _written(self, form: dict[str, Any]) -> Preset:
        before = self._found.get(self.draft["id"])
        taken = [one.alias for one in self._found.values() if before is None or one.id != before.id]
        return written(form, self.chosen, before, taken)


def row_of(one: Preset) -> PresetRow:
    what = one.prompt if one.kind == "prompt" else ", ".join(map(in_words, one.features))
    href = f"/{one.model_id}/steer?preset={one.alias}"
    only = f"only where {condition_text(one.condition)}" if one.condition else ""
    return PresetRow(id=one.id, alias=one.alias, name=one.name, what=what, only=only, href=href)


def in_words(one: PresetFeature) -> str:
    return f"{one.source}/{one.index} × {one.strength:g}"


@rx.page(route="/admin/presets", title="Presets · MemicOS", on_load=PresetsState.load)
def presets_page() -> rx.Component:
    return page(
        page_head(
            crumbs(("Status", "/admin"), ("Presets", "")),
            held_select(
                rx.foreach(PresetsState.models, lambda one: rx.el.option(one, value=one)),
                value=PresetsState.chosen,
                on_change=PresetsState.choose,
                aria_label="Model",
                class_name="select small steer-models",
            ),
        ),
        rx.el.h1("Presets", class_name="sr"),
        rx.cond(PresetsState.problem != "", failed(PresetsState.problem)),
        rx.el.div(
            rx.el.div(listing(), class_name="stack"),
            rx.el.div(
                rx.cond(
                    PresetsState.may_edit,
                    preset_form(PresetsState.draft, PresetsState.wrong, PresetsState.turn, PresetsState),
                    not_yours(),
                ),
                class_name="side",
            ),
            class_name="cols flip",
        ),
        active="admin",
    )


def listing() -> rx.Component:
    """Presets in the groups that the steer page shows them in."""
    nothing = card(rx.el.p("This model has no presets yet.", class_name="card-body muted"), title="Presets")
    shown = rx.fragment(
        group("Features to steer with", PresetsState.features), group("Prompts", PresetsState.prompts)
    )
    has_any = (PresetsState.features.length() > 0) | (PresetsState.prompts.length() > 0)
    return rx.cond(PresetsState.loaded, rx.cond(has_any, shown, nothing), card(skeleton_rows(4), title="Presets"))


def group(title: str, rows: Any) -> rx.Component:
    table = rx.el.table(
        rx.el.thead(
            rx.el.tr(*[rx.el.th(words, scope="col") for words in ("Name", "What it does", "Address", "")]),
        ),
        rx.el.tbody(rx.foreach(rows, preset_row)),
        class_name="table presets",
    )
    return rx.cond(rows.length() > 0, card(table, title=title))


def preset_row(one: Any) -> rx.Component:
    verbs = rx.cond(
        PresetsState.may_edit,
        rx.el.span(
            rx.el.button("Edit", type="button", on_click=PresetsState.edit(one["id"]), class_name="btn small"),
            rx.el.button(
                "Remove",
                type="button",
                on_click=PresetsState.remove(one["id"]),
                aria_label="Remove " + one["name"].to(str),
                class_name="btn small quiet",
            ),
            class_name="row",
        ),
    )
    return rx.el.tr(
        rx.el.td(rx.el.span(one["name"], class_name="strong iso")),
        rx.el.td(
            rx.el.p(one["what"], class_name="small muted iso"),
            rx.cond(one["only"] != "", rx.el.p(one["only"], class_name="tiny faint iso")),
        ),
        rx.el.td(rx.el.a(one["alias"], href=one["href"], class_name="link mono small")),
        rx.el.td(verbs, class_name="num"),
    )


def not_yours() -> rx.Component:
    return card(
        rx.el.p(
            "Presets are edited on the machine that this site runs on, or with accounts once there are any.",
            class_name="card-body muted",
        ),
        title="Edit",
    )
