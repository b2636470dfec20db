"""The status page: what is here, what runs, and the command for what is not here yet."""

from __future__ import annotations

import reflex as rx

from memicos_app import worker
from memicos_app.components.copy import command
from memicos_app.components.empty import empty_with_command, failed, skeleton_rows
from memicos_app.components.figures import count
from memicos_app.components.layout import card, page
from memicos_app.components.nav import DOTS, NavState
from memicos_app.components.source_rows import SourceRow, source_row, source_table
from memicos_app.components.ways_in import facts_card
from memicos_app.library import catalog, status
from memicos_app.library.errors import LibraryError
from memicos_app.settings import Settings, get_settings

COMMANDS = (
    ("Bring in a source of a dataset", "memicos import MODEL SOURCE"),
    ("Make dashboards for an SAE of your own", "memicos generate"),
    ("List models and sources", "memicos sources"),
)


class AdminState(rx.State):
    """The state of the database and the worker, and every source."""

    loaded: bool = False
    database: list[tuple[str, str]] = []
    inference: list[tuple[str, str]] = []
    site: list[tuple[str, str]] = []
    rows: list[SourceRow] = []
    problem: str = ""

    @rx.event
    async def load(self) -> None:
        """Ask the database anew."""
        self.site = site_facts(get_settings())
        try:
            self.database = await status.database_facts()
            self.rows = await all_sources()
            self.problem = ""
        except LibraryError as error:
            self.problem = error.message
        self.loaded = True

    @rx.event(background=True, supersedes=True)
    async def ask_worker(self) -> None:
        """Ask the worker, which may take its time while it loads."""
        facts = await inference_facts()
        async with self:
            self.inference = facts


async def all_sources() -> list[SourceRow]:
    sets = [one for model in await catalog.models() for one in await catalog.source_sets(model.id)]
    return [source_row(source) for one in sets for source in one.sources]


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


def site_facts(settings: Settings) -> list[tuple[str, str]]:
    """Where this site keeps and finds things; on a site that others reach, paths are nobody's business."""
    if not settings.is_local:
        return []
    return [
        ("data folder", str(settings.data_dir)),
        ("datasets", ", ".join(settings.dataset_origins) or "none"),
        ("SAEs", str(settings.sae_dir)),
        ("logs", str(settings.logs_dir)),
    ]


@rx.page(route="/admin", title="Status · MemicOS", on_load=[AdminState.load, AdminState.ask_worker])
def admin_page() -> rx.Component:
    return page(
        rx.el.h1("Status", class_name="title"),
        rx.el.div(
            worker_words(),
            rx.el.a("Presets of the steer page", href="/admin/presets", class_name="link"),
            class_name="meta",
        ),
        rx.cond(AdminState.problem != "", failed(AdminState.problem)),
        rx.el.div(
            rx.el.div(sources_card(), commands_card(), class_name="stack"),
            rx.el.div(
                facts_card("Inference worker", AdminState.inference),
                facts_card("Database", AdminState.database),
                rx.cond(AdminState.site, facts_card("This site", AdminState.site), rx.fragment()),
                class_name="side",
            ),
            class_name="cols flip",
        ),
        active="admin",
    )


def worker_words() -> rx.Component:
    return rx.el.span(
        rx.el.span(class_name=rx.match(NavState.worker_state, *DOTS.items(), "dot")),
        NavState.worker_words,
        class_name="row",
        aria_live="polite",
    )


def sources_card() -> rx.Component:
    nothing = empty_with_command(
        "No sources yet",
        "Neither the database nor a dataset folder holds a source. This asks what to make one from.",
        "memicos generate",
    )
    listing = rx.cond(AdminState.rows.length() > 0, source_table(AdminState.rows), nothing)
    return card(rx.cond(AdminState.loaded, listing, skeleton_rows(4)), title="Sources")


def commands_card() -> rx.Component:
    lines = [
        rx.el.li(rx.el.span(words, class_name="muted"), command(line), class_name="spread wrap")
        for words, line in COMMANDS
    ]
    return card(rx.el.ul(*lines, class_name="card-rows"), title="Commands")
