"""The steps before the site serves: checks, frontend, database, demo data. Each is cheap when done before."""

from __future__ import annotations

from collections.abc import Callable

import psycopg.errors

from memicos_app.db import migrate, session
from memicos_app.db.errors import DatabaseUnusable
from memicos_app.library import catalog, presets
from memicos_app.library.datasets.importing import import_source
from memicos_app.library.datasets.origins import find_source, local_origins
from memicos_app.library.errors import UnavailableError
from memicos_app.library.watch import Unwatched
from memicos_app.settings import get_settings
from memicos_app.site import checks
from memicos_app.site import frontend as built
from memicos_app.site.errors import StartError
from memicos_app.site.progress import Step

DEMO = ("smollm2-135m-it", "15-res-4k")
"""Model and source that a first start imports."""


def machine(step: Step) -> None:
    """Python, folders, room on the disk."""
    step.result(checks.check(get_settings()))


def frontend(step: Step, *, force: bool = False) -> None:
    """Build the frontend when a source of it changed."""
    if built.is_current() and not force:
        step.result("nothing changed")
        return
    step.say("building, about 20 s")
    built.build()
    step.result("built")


def database(step: Step) -> None:
    """Start the embedded server, or reach the one that DATABASE_URL names, and bring its schema up to date."""
    embedded = not get_settings().database_url.get_secret_value()
    step.say("starting Postgres" if embedded else "connecting")
    try:
        url = session.database_url()
        before = migrate.current_revision(url)
        step.say("schema")
        migrate.upgrade(url)
    except DatabaseUnusable as error:
        raise StartError(str(error)) from None
    where = "embedded Postgres" if embedded else "DATABASE_URL"
    step.result(f"{where}, schema {'unchanged' if before == migrate.newest_revision() else 'up to date'}")


def demo(step: Step) -> None:
    """Import the demo's middle layer, if nothing was ever imported."""
    if not get_settings().demo_import:
        step.result("switched off by DEMO_IMPORT")
        return
    try:
        step.result(session.run(import_demo(step.say)))
    except psycopg.errors.DiskFull:
        raise StartError(checks.full(get_settings().data_dir)) from None


async def import_demo(say: Callable[[str], None]) -> str:
    """Import the demo where the database holds nothing yet; what came of it in a few words."""
    await presets.bring_in_all(local_origins())
    if (await catalog.counts())["sources"]:
        return "there already"
    found = find_source(local_origins(), *DEMO)
    if found is None:
        return "no dataset of it here"
    say("importing")
    try:
        report = await import_source(found.origin, *DEMO, watch=Said(say))
    except UnavailableError:
        return "another process is importing it"
    return f"{report.n_features} features, {report.n_examples} examples, {report.n_explanations} explanations"


class Said(Unwatched):
    """Work that tells how far it is in a few words."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say

    def tell(self, step: str, done: float, total: float, unit: str = "") -> None:
        """Step and share."""
        self._say(f"{step} {100 * done / max(total, 1):.0f} %")


STEPS: dict[str, Callable[[Step], None]] = {
    "Checks": machine,
    "Frontend": frontend,
    "Database": database,
    "Demo data": demo,
}
"""In order; development leaves the frontend to Reflex."""
