# ruff: noqa: N999 (the module is named as the kind is)
"""A source brought in from an origin, explained and embedded where it came without."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from memicos_app.library.watch import Watch


async def run(watch: Watch, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """`model`, `source` and where from, `origin`; what is here now.

    Raises:
        NotFoundError: the origin holds no such source.
    """
    from memicos_app.library import embeddings, explanations
    from memicos_app.library.datasets.importing import import_source

    model, source = arguments["model"], arguments["source"]
    report = await import_source(arguments["origin"], model, source, watch=watch)
    if not report.n_explanations:
        report.n_explanations = await explanations.write_top_tokens(model, source, watch=watch)
    if embeddings.available():
        await embeddings.embed_explanations(model, source, watch=watch)
    return {
        "features": report.n_features,
        "examples": report.n_examples,
        "explanations": report.n_explanations,
        "problems": report.problems.total,
    }
