"""The steps before the site serves: checks, frontend, database, demo data. Each is cheap when done before."""

from __future__ import annotations

from collections.abc import Callable

from memicos_app.db import migrate, session
from memicos_app.db.errors import DatabaseUnusable
from memicos_app.settings import get_settings
from memicos_app.site import checks
from memicos_app.site import frontend as built
from memicos_app.site.errors import StartError
from memicos_app.site.progress import Step


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


STEPS: dict[str, Callable[[Step], None]] = {"Checks": machine, "Frontend": frontend, "Database": database}
