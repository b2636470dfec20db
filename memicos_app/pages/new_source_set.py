"""A form for a set of SAEs that is not here yet: a source at each layer, to upload features into."""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex.event import EventSpec

from memicos_app.components.checked_fields import (
    CheckedForm,
    already_there,
    choice_field,
    form_end,
    only_the_owner,
    pair,
    text_field,
)
from memicos_app.components.jump import place
from memicos_app.components.layout import card, crumbs, page, page_head
from memicos_app.components.rights import declares, needs
from memicos_app.library import catalog, naming, ownership, registration
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import BadInputError, LibraryError
from memicos_app.library.registration import NewSourceSet

FIELDS = ("model_id", "name", "description", "type", "creator_name", "layers", "hook_point", "website")
HOOKS = ("hook_resid_pre", "hook_resid_mid", "hook_resid_post", "hook_mlp_out", "hook_attn_out", "attn.hook_z")


@declares(Right.READ)
class NewSourceSetState(CheckedForm, rx.State):
    """The models to choose from, and what is wrong with each field as far as it was typed."""

    models: list[str] = []
    model: str = ""
    wrong: dict[str, str] = dict.fromkeys(FIELDS, "")
    loaded: bool = False
    _layers: dict[str, int] = {}
    _name: str = ""

    @rx.event
    async def load(self) -> None:
        """An empty form, with the model of the address chosen."""
        self.reset()
        self.may_edit = ownership.may_edit()
        try:
            self._layers = {one.id: one.layers for one in await catalog.models()}
        except LibraryError as error:
            self.problem = error.message
        self.models = list(self._layers)
        asked = self.router.url.query_parameters.get("model", "")
        self.model = asked if asked in self._layers else next(iter(self.models), "")
        self.loaded = True

    @rx.event
    async def typed(self, name: str, value: str) -> None:
        """Check one field."""
        if name == "model_id":
            self.model = value
        elif name in FIELDS:
            self.wrong[name] = self._wrong_with(name, value)
        if name == "name":
            self._name = value.strip().lower()
        if name in ("model_id", "name"):
            await self._look()

    async def _look(self) -> None:
        self.there, self.wrong["name"] = "", self._wrong_with("name", self._name) if self._name else ""
        try:
            if self._name and not self.wrong["name"] and await registration.has_source_set(self.model, self._name):
                self.wrong["name"] = f"{self.model} has a set of this id already."
                self.there = place(self.model, self._name)
        except LibraryError:
            return  # Whether it is there is said when the form is sent.

    def _wrong_with(self, name: str, value: str) -> str:
        return wrong_with(name, value, self._layers.get(self.model, 0))

    @rx.event
    @needs(Right.MANAGE)
    async def send(self, form: dict[str, Any]) -> EventSpec | None:
        """Make the set and open its page; what is wrong is said beside its field."""
        values = {name: str(form.get(name, "")).strip() for name in FIELDS}
        self.problem, self.model = "", values["model_id"]
        self.wrong = {name: self._wrong_with(name, value) for name, value in values.items()}
        if (to_field := self._first_wrong()) is not None:
            return to_field
        try:
            ownership.require_owner()
            made = await registration.new_source_set(wish_of(values))
        except LibraryError as error:
            return self._tell(error, place(values["model_id"], values["name"].lower()))
        return rx.redirect(place(made.model_id, made.name))


def wish_of(values: dict[str, str]) -> NewSourceSet:
    """The form's values as a source set."""
    return NewSourceSet(
        values["model_id"],
        values["name"],
        values["description"],
        values["type"],
        values["creator_name"],
        values["website"],
        values["hook_point"],
        naming.parse_layers(values["layers"]),
    )


def wrong_with(name: str, value: str, n_layers: int) -> str:
    """A sentence about a value that cannot be right; empty where it can."""
    value = value.strip()
    try:
        if name == "model_id" and not value:
            raise BadInputError("Choose a model; add one first where there is none.", field=name)
        if name == "name":
            naming.check_set_name(value.lower())
        elif name == "layers":
            naming.check_layers(naming.parse_layers(value) or range(n_layers), n_layers)
        elif name == "hook_point":
            naming.check_hook_point(value)
        elif name == "website":
            naming.check_website(value)
        elif name in ("description", "type", "creator_name"):
            naming.check_words(value, name)
    except LibraryError as error:
        return error.message
    return ""


@rx.page(route="/sae/new", title="Add SAEs · MemicOS", on_load=NewSourceSetState.load)
def new_source_set_page() -> rx.Component:
    return page(
        page_head(
            crumbs(("Models", "/"), ("Add SAEs", "")), rx.el.a("Upload features", href="/upload", class_name="btn")
        ),
        rx.el.h1("Add SAEs", class_name="title"),
        rx.el.p(
            "A source set: the same kind of SAE at each layer of a model. No weights are uploaded and nothing "
            "is run; features come in afterwards.",
            class_name="muted lead",
        ),
        rx.el.div(rx.cond(NewSourceSetState.may_edit, form(), only_the_owner()), class_name="narrow"),
        active="admin",
    )


def form() -> rx.Component:
    state = NewSourceSetState
    return card(
        rx.el.form(
            rx.cond(state.loaded & (state.models.length() == 0), no_models(), rx.fragment()),
            choice_field(
                state,
                "model_id",
                "Model",
                rx.foreach(state.models, lambda one: rx.el.option(one, value=one)),
                value=state.model,
            ),
            text_field(
                state,
                "name",
                "SAE set ID",
                hint="Sources are called 0-name, 1-name…",
                placeholder="res-jb",
                required=True,
            ),
            already_there(state),
            text_field(state, "description", "Display name", placeholder="Residuals For GPT2-Small"),
            pair(
                text_field(state, "type", "Display name for hook / grouping", placeholder="Residuals"),
                text_field(state, "creator_name", "Display name for creator / owner", placeholder="Jane Appleseed"),
            ),
            pair(
                text_field(state, "layers", "Layers", placeholder="all", hint="Such as 0, 5-7; empty for all."),
                text_field(
                    state,
                    "hook_point",
                    "Hook point",
                    placeholder="hook_resid_pre",
                    list="hooks",
                    spell_check=False,
                    hint="As TransformerLens calls it, without the layer.",
                ),
            ),
            rx.el.datalist(*(rx.el.option(value=hook) for hook in HOOKS), id="hooks"),
            text_field(state, "website", "Website", input_mode="url", placeholder="https://"),
            *form_end(state, "Add the SAEs"),
            on_submit=state.send,
            no_validate=True,
            class_name="card-body stack",
        )
    )


def no_models() -> rx.Component:
    return rx.el.p(
        rx.el.span(
            "There is no model here yet. ",
            rx.el.a("Add one first", href="/model/new", class_name="link"),
            ".",
        ),
        class_name="notice amber",
    )
