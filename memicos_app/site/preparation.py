"""The steps before the site serves: checks, frontend, database, demo data. Each is cheap when done before."""

from __future__ import annotations

from collections.abc import Callable

from memicos_app.settings import get_settings
from memicos_app.site import checks
from memicos_app.site import frontend as built
from memicos_app.site.progress import Step


def machine(step: Step) -> None:
    """Python, folders, room on the disk, the worker's port."""
    step.result(checks.check(get_settings()))


def frontend(step: Step, *, force: bool = False) -> None:
    """Build the frontend when a source of it changed."""
    if built.is_current() and not force:
        step.result("nothing changed")
        return
    step.say("building, about 20 s")
    built.build()
    step.result("built")


STEPS: dict[str, Callable[[Step], None]] = {"Checks": machine, "Frontend": frontend}
