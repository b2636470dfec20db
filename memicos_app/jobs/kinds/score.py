"""Explanations of a source judged, within a budget."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from memicos_app.library.watch import Watch


async def run(watch: Watch, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What `library.autointerp.scoring_asked.wanted` takes; what came of it and what it cost.

    Raises:
        BadInputError, NotFoundError: it cannot be done as asked.
        ProviderError: the provider will answer nothing.
        UnavailableError: the provider is away or too busy for now.
    """
    from memicos_app.library.autointerp import scoring_volume
    from memicos_app.library.autointerp.scoring_asked import wanted

    done = await scoring_volume.run(wanted(**arguments), watch)
    return {
        "scored": done.scored,
        "failed": done.failed,
        "explanations": done.total,
        "mean": None if done.mean is None else round(done.mean, 4),
        "asked_again": done.asked_again,
        "cost_usd": None if done.spent.unpriced else round(done.spent.cost_usd, 6),
        "tokens_in": done.spent.tokens_in,
        "tokens_out": done.spent.tokens_out,
        "run": done.run_id,
        **({"why": done.why} if done.why else {}),
    }
