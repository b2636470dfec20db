"""The owner's page of presets: what the steer page offers to begin with, a model at a time."""

from __future__ import annotations

from typing import Any, TypedDict

import reflex as rx

from memicos_app.components.empty import failed, skeleton_rows
from memicos_app.components.layout import card, crumbs, page, page_head
from memicos_app.library import catalog, ownership, presets
from memicos_app.library.errors import LibraryError
from memicos_app.library.presets import Preset


class PresetRow(TypedDict):
    """A preset as the list shows it."""

    id: str
    alias: str
    name: str
    kind: str
    what: str
    href: str


class Draft(TypedDict):
    """A preset as the form holds it; an empty `id` is a new one."""

    id: str
    alias: str
    name: str
    kind: str
    rank: int
    prompt: str
    features: str


NEW = Draft(id="", alias="", name="", kind="features", rank=0, prompt="", features="")


class PresetsState(rx.State):
    """The presets of a model, and the one that is being written."""

    models: list[str] = []
    chosen: str = ""
    rows: list[PresetRow] = []
    draft: Draft = NEW
    turn: int = 0
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
    def edit(self, preset_id: str) -> Any:
        """Write on a preset; an empty id begins a new one."""
        self.wrong = ""
        self.turn += 1
        found = self._found.get(preset_id)
        self.draft = draft_of(found) if found else NEW
        return rx.set_focus("preset-name")

    @rx.event
    async def keep(self, form: dict[str, Any]) -> Any:
        """Save what is written; what is wrong is said beside it."""
        try:
            ownership.require_owner()
            await presets.save(self._written(form))
            await self._list()
        except LibraryError as error:
            self.wrong = error.message
            return None
        self.draft, self.wrong = NEW, ""
        self.turn += 1
        return rx.toast.success("Preset kept")

    @rx.event
    async def remove(self, preset_id: str) -> Any:
        """Take a preset away."""
        try:
            ownership.require_owner()
            await presets.remove(preset_id)
            await self._list()
        except LibraryError as error:
            return rx.toast.error(error.message)
        if self.draft["id"] == preset_id:
            self.draft = NEW
            self.turn += 1
        return rx.toast.success("Preset removed")

    async def _list(self) -> None:
        found = await presets.of_model(self.chosen)
        self._found = {one.id: one for one in found}
        self.rows = [row_of(one) for one in found]

    def _written(self, form: dict[str, Any]) -> Preset:
        before = self._found.get(self.draft["id"])
        name, rank = str(form.get("name", "")).strip(), str(form.get("rank", "0"))
        taken = [one.alias for one in self._found.values() if before is None or one.id != before.id]
        return Preset(
            self.chosen,
            str(form.get("alias", "")).strip() or presets.alias_of(name, taken),
            name,
            kind="prompt" if form.get("kind") == "prompt" else "features",
            rank=int(rank) if rank.lstrip("-").isdigit() and len(rank) < 6 else 0,
            prompt=str(form.get("prompt", "")),
            features=presets.parse_features(str(form.get("features", ""))),
            options=before.options if before else {},
            id=before.id if before else "",
        )


def row_of(one: Preset) -> PresetRow:
    what = one.prompt if one.kind == "prompt" else presets.features_text(one.features).replace("\n", ", ")
    href = f"/{one.model_id}/steer?preset={one.alias}"
    return PresetRow(id=one.id, alias=one.alias, name=one.name, kind=one.kind, what=what, href=href)


def draft_of(one: Preset) -> Draft:
    features = presets.features_text(one.features)
    return Draft(
        id=one.id, alias=one.alias, name=one.name, kind=one.kind, rank=one.rank, prompt=one.prompt, features=features
    )


@rx.page(route="/admin/presets", title="Presets · MemicOS", on_load=PresetsState.load)
def presets_page() -> rx.Component:
    return page(
        page_head(
            crumbs(("Status", "/admin"), ("Presets", "")),
            rx.el.select(
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
            rx.el.div(rx.cond(PresetsState.may_edit, form(), not_yours()), class_name="side"),
            class_name="cols flip",
        ),
        active="admin",
    )


def listing() -> rx.Component:
    rows = rx.el.table(
        rx.el.thead(rx.el.tr(*[rx.el.th(words) for words in ("Name", "Steers or asks", "Address", "")])),
        rx.el.tbody(rx.foreach(PresetsState.rows, preset_row)),
        class_name="table",
    )
    nothing = rx.el.p("This model has no presets yet.", class_name="card-body muted")
    shown = rx.cond(PresetsState.rows.length() > 0, rx.el.div(rows, class_name="table-scroll"), nothing)
    return card(rx.cond(PresetsState.loaded, shown, skeleton_rows(4)), title="What the steer page offers")


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
        rx.el.td(rx.el.span(one["what"], class_name="small muted iso")),
        rx.el.td(rx.el.a(one["alias"], href=one["href"], class_name="link mono small")),
        rx.el.td(verbs, class_name="num"),
    )


def form() -> rx.Component:
    draft = PresetsState.draft
    return card(
        rx.el.form(
            field(
                "Name", rx.el.input(name="name", id="preset-name", default_value=draft["name"], class_name="input")
            ),
            rx.el.div(
                field(
                    "Kind",
                    rx.el.select(
                        rx.el.option("features", value="features"),
                        rx.el.option("prompt", value="prompt"),
                        name="kind",
                        id="preset-kind",
                        default_value=draft["kind"],
                        class_name="select",
                    ),
                ),
                field(
                    "Place",
                    rx.el.input(
                        name="rank", id="preset-place", type="number", default_value=draft["rank"], class_name="input"
                    ),
                ),
                class_name="grid-2",
            ),
            field(
                "Features",
                rx.el.textarea(
                    name="features",
                    id="preset-features",
                    default_value=draft["features"],
                    placeholder="15-res-4k/53 80",
                    spell_check=False,
                    rows=3,
                    class_name="textarea mono",
                ),
            ),
            field(
                "Prompt",
                rx.el.textarea(
                    name="prompt", id="preset-prompt", default_value=draft["prompt"], rows=2, class_name="textarea"
                ),
            ),
            field(
                "Address",
                rx.el.input(
                    name="alias",
                    id="preset-address",
                    default_value=draft["alias"],
                    placeholder="from the name",
                    class_name="input mono",
                ),
            ),
            rx.cond(
                PresetsState.wrong != "", rx.el.p(PresetsState.wrong, class_name="notice amber iso", role="alert")
            ),
            rx.el.div(
                rx.el.button("Keep", type="submit", class_name="btn primary"),
                rx.cond(
                    draft["id"] != "",
                    rx.el.button("New instead", type="button", on_click=PresetsState.edit(""), class_name="btn"),
                ),
                class_name="row",
            ),
            key=PresetsState.turn,
            on_submit=PresetsState.keep,
            class_name="card-body stack",
        ),
        title=rx.cond(draft["id"] != "", "Edit", "New preset"),
    )


def field(label: str, control: rx.Component) -> rx.Component:
    return rx.el.div(
        rx.el.label(label, html_for=f"preset-{label.lower()}", class_name="label"), control, class_name="field"
    )


def not_yours() -> rx.Component:
    return card(
        rx.el.p(
            "Presets are edited on the machine that this site runs on, or with accounts once there are any.",
            class_name="card-body muted",
        ),
        title="Edit",
    )
