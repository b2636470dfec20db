"""The admin page: every source of every origin with its verbs, jobs, the worker, the database, disk, settings."""

from __future__ import annotations

import reflex as rx

from memicos_app import worker
from memicos_app.components.admin_facts import (
    Part,
    SettingRow,
    disk_card,
    disk_parts,
    setting_rows,
    settings_card,
)
from memicos_app.components.admin_origins import origins_card
from memicos_app.components.admin_shelf import shelf_card
from memicos_app.components.admin_state import ShelfState
from memicos_app.components.empty import failed
from memicos_app.components.figures import count, size_words
from memicos_app.components.job_card import jobs_card
from memicos_app.components.layout import page
from memicos_app.components.nav import DOTS, NavState
from memicos_app.components.rights import declares
from memicos_app.components.ways_in import facts_card
from memicos_app.library import installation, ownership, status
from memicos_app.library.accounts import rights
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import LibraryError
from memicos_app.settings import Settings, get_settings


@declares(Right.READ)
class AdminState(rx.State):
    """The state of the database, the worker and the machine."""

    database: list[tuple[str, str]] = []
    inference: list[tuple[str, str]] = []
    versions: list[tuple[str, str]] = []
    settings: list[SettingRow] = []
    parts: list[Part] = []
    free: str = ""
    problem: str = ""
    refused: str = ""
    """Why nothing of it is shown to whoever looks."""

    @rx.event
    async def load(self) -> None:
        """Ask the database anew."""
        self.refused = why_not()
        if self.refused:
            return
        self.versions = installation.versions()
        self.settings = settings_in_force(get_settings())
        try:
            self.database = await database_facts()
            self.problem = ""
        except LibraryError as error:
            self.problem = error.message

    @rx.event(background=True, supersedes=True)
    async def ask_machine(self) -> None:
        """Measure the disk and ask the worker, which may take its time while it loads."""
        if why_not():
            return
        disk = await installation.disk()
        async with self:
            self.parts = disk_parts(disk)
            self.free = f"{size_words(disk.free)} of {size_words(disk.total)} free"
        facts = await inference_facts()
        async with self:
            self.inference = facts


def why_not() -> str:
    """Why the person asking does not see how the site is run; empty: they do."""
    try:
        ownership.require_owner()
    except LibraryError as error:
        return error.message
    return ""


async def database_facts() -> list[tuple[str, str]]:
    """What the database is, and the indexes that it has or makes."""
    facts = await status.database_facts()
    vectors = [(f"index of {name}", words) for name, words in await status.vector_indexes()]
    builds = [(f"building {one.name}", f"{one.phase}, {one.share:.0%}") for one in await status.index_builds()]
    return [*facts, *vectors, *builds]


async def inference_facts() -> list[tuple[str, str]]:
    """What the worker says of itself."""
    now = await worker.status()
    known = [
        ("model", now.model),
        ("sources served", ", ".join(now.sources) or "none"),
        ("device", f"{now.device}, {now.dtype}"),
        ("waiting requests", count(now.queue_length)),
        ("detail", now.detail),
    ]
    return [(words, figure) for words, figure in known if figure]


def settings_in_force(settings: Settings) -> list[SettingRow]:
    """Every setting; on a site that others reach, they are nobody's business."""
    shown = settings.is_local and rights.mode() == "single"
    return setting_rows(installation.settings_in_force(settings)) if shown else []


@rx.page(
    route="/admin",
    title="Admin · MemicOS",
    on_load=[AdminState.load, ShelfState.watch, AdminState.ask_machine],
)
def admin_page() -> rx.Component:
    return page(
        rx.el.h1("Admin", class_name="title"),
        rx.cond(AdminState.refused != "", failed(AdminState.refused), rx.fragment(*how_it_is_run())),
        active="admin",
    )


def how_it_is_run() -> list[rx.Component]:
    """What administrators see."""
    return [
        rx.el.div(
            worker_words(),
            rx.el.a("Add an SAE", href="/admin/add", class_name="link"),
            rx.el.a("Upload batches", href="/upload", class_name="link"),
            rx.el.a("Jobs", href="/admin/jobs", class_name="link"),
            rx.el.a("New model", href="/model/new", class_name="link"),
            rx.el.a("New SAEs", href="/sae/new", class_name="link"),
            rx.el.a("Presets", href="/admin/presets", class_name="link"),
            rx.el.a("Explain many", href="/admin/explain", class_name="link"),
            rx.el.a("Language models", href="/admin/providers", class_name="link"),
            rx.el.a("Reports", href="/admin/reports", class_name="link"),
            rx.el.a("Activity", href="/admin/activity", class_name="link"),
            class_name="meta",
        ),
        rx.cond(AdminState.problem != "", failed(AdminState.problem)),
        rx.cond(ShelfState.problem != "", failed(ShelfState.problem)),
        rx.el.div(
            rx.el.div(jobs_card(), shelf_card(ShelfState), class_name="stack"),
            rx.el.div(
                origins_card(ShelfState),
                facts_card("Inference worker", AdminState.inference),
                facts_card("Database", AdminState.database),
                rx.cond(AdminState.parts, disk_card(AdminState.parts, AdminState.free), rx.fragment()),
                facts_card("Versions", AdminState.versions),
                rx.cond(AdminState.settings, settings_card(AdminState.settings), rx.fragment()),
                class_name="side",
            ),
            class_name="cols flip",
        ),
        delete_dialog(),
    ]


def worker_words() -> rx.Component:
    return rx.el.span(
        rx.el.span(class_name=rx.match(NavState.worker_state, *DOTS.items(), "dot")),
        NavState.worker_words,
        class_name="row",
        aria_live="polite",
    )


def delete_dialog() -> rx.Component:
    """Asked before a source is deleted: what goes and what stays."""
    close = rx.call_script("document.getElementById('delete-source').close()")
    return rx.el.dialog(
        rx.el.div(
            rx.el.h2("Delete ", rx.el.span(ShelfState.asking, class_name="iso"), "?", class_name="large"),
            rx.el.p(
                "Its features, examples and imported explanations leave the database. Files at its origin stay, so "
                "it can be downloaded again; explanations made here are kept for that day.",
                class_name="muted",
            ),
            rx.el.div(
                rx.el.button("Keep it", type="button", on_click=close, auto_focus=True, class_name="btn"),
                rx.el.button("Delete", type="button", on_click=[close, ShelfState.delete], class_name="btn primary"),
                class_name="row",
            ),
            class_name="card-body stack",
        ),
        id="delete-source",
        aria_label="Delete a source",
        class_name="dialog",
    )
