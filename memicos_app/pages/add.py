"""The owner's page for an SAE of one's own: a form that checks what is typed, and a job that does the rest."""

from __future__ import annotations

import asyncio
from typing import Any

import reflex as rx
from reflex.event import EventSpec

from memicos_app.components.adding_form import adding_form, known, steps
from memicos_app.components.empty import failed
from memicos_app.components.figures import count
from memicos_app.components.layout import card, crumbs, page, page_head
from memicos_app.components.rights import declares, needs
from memicos_app.library import adding, jobs, ownership
from memicos_app.library.accounts.rights import Right
from memicos_app.library.adding import Adding
from memicos_app.library.adding_cards import kind_of
from memicos_app.library.errors import LibraryError
from memicos_app.library.sae_folders import SaeFolder
from memicos_app.settings import get_settings

FIELDS = (
    "sae",
    "hook",
    "model",
    "set_name",
    "corpus",
    "column",
    "log_sparsity_threshold",
    "prompts",
    "context",
)
BEGIN = {"prompts": "24576", "context": "64", "log_sparsity_threshold": "-5"}


@declares(Right.READ)
class AddState(rx.State):
    """What is wrong with each field, and what is known of the folder."""

    wrong: dict[str, str] = dict.fromkeys(FIELDS, "")
    facts: list[tuple[str, str]] = []
    notes: list[str] = []
    begin: dict[str, str] = dict.fromkeys(FIELDS, "")
    """What the fields hold when the page opens."""
    turn: int = 0
    size: str = ""
    problem: str = ""
    may_edit: bool = True
    _values: dict[str, str] = {}

    @rx.event
    async def load(self) -> None:
        """An empty form; or one for a source that is served already, `?model=…&source=…`."""
        turn = self.turn + 1
        self.reset()
        self.turn, self.may_edit = turn, ownership.may_edit()
        asked_for = self.router.url.query_parameters
        await self._begin(asked_for.get("model", ""), asked_for.get("source", ""))

    async def _begin(self, model: str, source: str) -> None:
        values = {**BEGIN, "model": get_settings().model_id}
        if source and self.may_edit:
            try:
                values |= served(model, source)
                self.facts, self.notes, self.wrong = await asyncio.to_thread(checked, values)
            except LibraryError as error:
                self.problem = error.message
        self._values, self.size = values, size_words(values)
        self.begin = {name: values.get(name, "") for name in FIELDS}

    @rx.event
    @needs(Right.MANAGE)
    async def typed(self, name: str, value: str) -> EventSpec | None:
        """Keep what stands in the form now, and check it."""
        if name not in FIELDS or not ownership.may_edit():
            return None
        if name in ("sae", "model", "set_name") and self._values.get(name) != value:
            self._values.pop("source_id", None)
        self._values[name] = value
        return AddState.check()

    @rx.event(background=True, supersedes=True)
    @needs(Right.MANAGE)
    async def check(self) -> None:
        """Say what is wrong; a field that is still empty is not wrong yet."""
        async with self:
            values = dict(self._values)
        facts, notes, wrong = await asyncio.to_thread(checked, values)
        async with self:
            if values != self._values:
                return
            self.facts, self.notes, self.problem = facts, notes, ""
            self.wrong = {field: words if values.get(field, "").strip() else "" for field, words in wrong.items()}
            self.size = size_words(values)

    @rx.event
    @needs(Right.MANAGE)
    async def send(self, form: dict[str, Any]) -> Any:
        """Ask for the job and go to its page; what is wrong is said beside its field."""
        values = {name: str(form.get(name, "")) for name in FIELDS}
        if all(values[name] == self.begin[name] for name in ("sae", "model", "set_name")):
            values["source_id"] = self._values.get("source_id", "")
        self._values, self.problem = values, ""
        try:
            ownership.require_owner()
            wanted = asked(values)
            plan = await asyncio.to_thread(adding.plan, wanted)
            name = f"{plan.model_id}/{plan.names.source_id}"
            arguments = wanted.model_dump(exclude_defaults=True)
            job = await jobs.ask("add", arguments, title=f"Add {name}", subject=name)
        except LibraryError as error:
            self.wrong = dict.fromkeys(FIELDS, "")
            if error.field in FIELDS:
                self.wrong[error.field] = at_field(error)
                return rx.set_focus(error.field)
            self.problem = error.message
            return None
        return rx.redirect(f"/admin/jobs/{job.id}")


def served(model: str, source: str) -> dict[str, str]:
    """The form's values for a source whose weights lie here. Raises `NotFoundError` where they do not."""
    found = adding.asked_of_served(model, source)
    return {name: getattr(found, name) for name in ("sae", "model", "set_name", "source_id")}


def asked(values: dict[str, str]) -> Adding:
    """The form's values as what is asked for; those left empty are not said. Raises `BadInputError`."""
    return adding.asked(**{"sae": ""} | {name: value.strip() for name, value in values.items() if value.strip()})


def checked(values: dict[str, str]) -> tuple[list[tuple[str, str]], list[str], dict[str, str]]:
    """What is known of the folder, what is worth knowing besides, and what is wrong with each field."""
    wrong, facts, notes = dict.fromkeys(FIELDS, ""), [], []
    try:
        folder = adding.folder_of(asked({name: values.get(name, "") for name in ("sae", "hook")}))
        facts = folder_facts(folder)
        plan = adding.plan(asked(values))
        facts = [("source", f"{plan.model_id}/{plan.names.source_id}"), *facts]
        notes = list(plan.notes)
    except LibraryError as error:
        if error.field in FIELDS:
            wrong[error.field] = at_field(error)
        else:
            notes = [error.message]
    return facts, notes, wrong


def at_field(error: LibraryError) -> str:
    """What is wrong, where the field is named already."""
    return error.message.removeprefix(f"{error.field}: ")


def folder_facts(folder: SaeFolder) -> list[tuple[str, str]]:
    """What a folder says of its SAE."""
    out = [("writes at", folder.hook_name_out)] if folder.hook_name_out != folder.hook_name else []
    return [
        ("kind", kind_of(folder)),
        ("architecture", folder.architecture),
        ("hook", folder.hook_name),
        *out,
        ("layer", str(folder.layer)),
        ("width", count(folder.d_in)),
        ("features", count(folder.d_sae)),
    ]


def size_words(values: dict[str, str]) -> str:
    """How many tokens the model reads, where both numbers are some."""
    prompts, context = values.get("prompts", ""), values.get("context", "")
    if not (prompts.isdigit() and context.isdigit() and len(prompts + context) < 15):
        return ""
    return f"{count(int(prompts) * int(context))} tokens at most"


@rx.page(route="/admin/add", title="Add an SAE · MemicOS", on_load=AddState.load)
def add_page() -> rx.Component:
    not_yours = card(failed("SAEs are added on the machine that this site runs on."), title="An SAE of your own")
    return page(
        page_head(crumbs(("Admin", "/admin"), ("Add an SAE", ""))),
        rx.el.h1("Add an SAE", class_name="sr"),
        rx.el.div(
            rx.el.div(rx.cond(AddState.may_edit, adding_form(AddState), not_yours), class_name="stack"),
            rx.el.div(known(AddState), steps(), class_name="side"),
            class_name="cols flip",
        ),
        active="admin",
    )
