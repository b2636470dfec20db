# ruff: noqa: N999 (the module is named as the kind is)
"""A source brought in from an origin, explained and embedded where it came without."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from memicos_app.library.watch import Watch

_OPTIONS = ("parts", "again", "explain", "embed")


async def run(watch: Watch, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """`model`, `source`, where from (`origin`) and the options of `bring_in`; what is here now.

    Raises:
        NotFoundError: the origin holds no such source.
    """
    from memicos_app.library.datasets.bringing import Chosen, bring_in
    from memicos_app.library.datasets.origins import open_origin

    one = Chosen(open_origin(arguments["origin"]), arguments["model"], arguments["source"])
    options = {name: arguments[name] for name in _OPTIONS if name in arguments}
    report = await bring_in(one, watch=watch, **options)
    return {
        "features": report.n_features,
        "examples": report.n_examples,
        "explanations": report.n_explanations,
        "problems": report.problems.total,
        "verdict": report.verdict.word,
        "missing": report.verdict.missing,
        "unchanged": report.unchanged,
    }
