"""A form for a model that is not here yet, to upload features of it; nothing is loaded or run."""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex.event import EventSpec

from memicos_app.components.checked_fields import (
    CheckedForm,
    already_there,
    form_end,
    only_the_owner,
    pair,
    text_field,
)
from memicos_app.components.jump import place
from memicos_app.components.layout import card, crumbs, page, page_head
from memicos_app.components.rights import declares, needs
from memicos_app.library import naming, ownership, registration
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import LibraryError
from memicos_app.library.registration import NewModel

FIELDS = ("id", "layers", "display_name", "owner", "dimension", "website")


@declares(Right.READ)
class NewModelState(CheckedForm, rx.State):
    """What is wrong with each field, as far as it was typed."""

    wrong: dict[str, str] = dict.fromkeys(FIELDS, "")

    @rx.event
    def load(self) -> None:
        """An empty form."""
        self.reset()
        self.may_edit = ownership.may_edit()

    @rx.event
    async def typed(self, name: str, value: str) -> None:
        """Check one field."""
        if name not in FIELDS:
            return
        self.wrong[name] = wrong_with(name, value)
        if name == "id":
            self.there = ""
            await self._look(value.strip().lower())

    async def _look(self, model_id: str) -> None:
        try:
            if model_id and not self.wrong["id"] and await registration.has_model(model_id):
                self.wrong["id"], self.there = "There is a model of this id already.", place(model_id)
        except LibraryError:
            return  # Whether it is there is said when the form is sent.

    @rx.event
    @needs(Right.MANAGE)
    async def send(self, form: dict[str, Any]) -> EventSpec | None:
        """Make the model and open its page; what is wrong is said beside its field."""
        values = {name: str(form.get(name, "")).strip() for name in FIELDS}
        self.problem, self.wrong = "", {name: wrong_with(name, value) for name, value in values.items()}
        if (to_field := self._first_wrong()) is not None:
            return to_field
        try:
            ownership.require_owner()
            made = await registration.new_model(wish_of(values))
        except LibraryError as error:
            return self._tell(error, place(values["id"].lower()))
        return rx.redirect(place(made.id))


def wish_of(values: dict[str, str]) -> NewModel:
    """The form's values as a model; numbers are numbers here."""
    return NewModel(
        values["id"],
        int(values["layers"]),
        values["display_name"],
        values["owner"],
        values["website"],
        int(values["dimension"]) if values["dimension"] else None,
    )


def wrong_with(name: str, value: str) -> str:
    """A sentence about a value that cannot be right; empty where it can."""
    value = value.strip()
    try:
        if name == "id":
            naming.check_model_id(value.lower())
        elif name == "layers":
            naming.check_number(value, naming.MOST_LAYERS, name, "layers")
        elif name == "dimension" and value:
            naming.check_number(value, naming.MOST_DIMENSIONS, name, "dimensions")
        elif name == "website":
            naming.check_website(value)
        elif name in ("display_name", "owner"):
            naming.check_words(value, name)
    except LibraryError as error:
        return error.message
    return ""


@rx.page(route="/model/new", title="Add a model · MemicOS", on_load=NewModelState.load)
def new_model_page() -> rx.Component:
    return page(
        page_head(crumbs(("Models", "/"), ("Add a model", ""))),
        rx.el.h1("Add a model", class_name="title"),
        rx.el.p("A place for its sources and their features. Nothing is downloaded or run.", class_name="muted lead"),
        rx.el.div(rx.cond(NewModelState.may_edit, form(), only_the_owner()), class_name="narrow"),
        active="admin",
    )


def form() -> rx.Component:
    state = NewModelState
    return card(
        rx.el.form(
            text_field(
                state, "id", "Model ID", hint="Its address here, such as gpt2-small.", required=True, auto_focus=True
            ),
            already_there(state),
            text_field(state, "display_name", "Model display name", placeholder="GPT2 Small"),
            text_field(state, "owner", "Owner or creator", placeholder="OpenAI"),
            pair(
                text_field(
                    state, "layers", "Layers", input_mode="numeric", placeholder="12", required=True, max_length=6
                ),
                text_field(
                    state,
                    "dimension",
                    "Width",
                    input_mode="numeric",
                    placeholder="768",
                    hint="Of its residual stream; vectors of your own are checked against it.",
                ),
            ),
            text_field(state, "website", "Website", input_mode="url", placeholder="https://"),
            *form_end(state, "Add the model"),
            on_submit=state.send,
            no_validate=True,
            class_name="card-body stack",
        )
    )
