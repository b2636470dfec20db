"""The kinds of work there are: a module each, whose name is the kind, with `run(watch, arguments)`.

`run` calls the library, passes its `watch` on and answers with what is worth keeping. It may be ended at any moment
and is then run again: it goes on from what the database and the disk hold. Heavy imports belong inside it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from memicos_app.library.errors import BadInputError
from memicos_app.library.watch import Watch

Run = Callable[[Watch, Mapping[str, Any]], Awaitable[Mapping[str, Any]]]


def names() -> list[str]:
    """Every kind."""
    return sorted(module.name for module in iter_modules(__path__))


def find(kind: str) -> Run:
    """What does work of a kind; its module is imported now.

    Raises:
        BadInputError: there is no such kind.
    """
    if kind not in names():
        raise BadInputError(f"There is no kind of job {kind!r}; there are {', '.join(names())}.", field="kind")
    run: Run = import_module(f"{__name__}.{kind}").run
    return run
