"""Which tests stay together when a run is spread over processes, as `make test` does (`pytest -n 2`).

A file is a unit, so that what a module sets up is set up once. Larger units share what cannot be had twice:
the one built frontend with its locked packages, Ray's one cluster on a machine, a run of the generator that takes
long, a server that runs a language model.
"""

from __future__ import annotations

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

DASHBOARDS = "tests/inference_worker/dashboards/"
TOGETHER: dict[str, tuple[str, ...]] = {
    "site": ("tests/browser/", "tests/site/", "tests/test_install.py"),
    "ray": (f"{DASHBOARDS}test_ray_steps.py", "tests/inference_worker/test_deploy.py"),
    "small run": tuple(
        f"{DASHBOARDS}test_{name}.py" for name in ("attributions", "parity", "resume", "run", "vector_sets")
    ),
    "chat": (
        "tests/library/autointerp/test_volume.py",
        "tests/library/autointerp/test_explaining.py",
        "tests/library/providers/test_asking.py",
        "tests/commands/test_explain.py",
        "tests/pages/test_providers.py",
    ),
    "kill drills": ("tests/jobs/test_kill_drills.py",),
}
"""Beginnings of paths by unit; those that take longest come first, so that no process is left with one at the end."""


class Units(LoadScopeScheduling):
    """Gives a unit whole to one process."""

    def __init__(self, config: pytest.Config, log: Producer | None = None) -> None:
        config.option.loadscopereorder = False
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        return unit(nodeid)


def unit(nodeid: str) -> str:
    """Name of the unit of a test: one of `TOGETHER`, or its file."""
    path = nodeid.partition("::")[0]
    return next((name for name, paths in TOGETHER.items() if path.startswith(paths)), path)


def longest_first(items: list[pytest.Item]) -> None:
    """Sort tests so that the units of `TOGETHER` come first; all else stays in its order."""
    names = list(TOGETHER)
    items.sort(key=lambda item: names.index(name) if (name := unit(item.nodeid)) in TOGETHER else len(names))
