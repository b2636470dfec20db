"""Features that somebody uploads into a source, a few at a time: whole or not at all, beside whatever runs.

They are appended to the generation that readers see, in one transaction that holds the source's row: uploads of
one source wait for each other, and an import that switches generations carries them over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from memicos_app.db.session import session
from memicos_app.library import activity, rates
from memicos_app.library.datasets.layout import ActivationLine, FeatureLine
from memicos_app.library.datasets.rows import feature_row
from memicos_app.library.errors import BadInputError
from memicos_app.library.upload_rows import Explained, Outcome, Prepared, packed, write

__all__ = ["MOST_FEATURES", "Explained", "Outcome", "Upload", "prepare", "upload"]

MOST_FEATURES = 128
"""Of one request; files may hold more."""


@dataclass(frozen=True, slots=True)
class Upload:
    """One feature as it was sent."""

    line: FeatureLine
    activations: Sequence[ActivationLine]
    explanations: Sequence[Explained] = ()


async def upload(model_id: str, source_id: str, features: Sequence[Upload], *, replace: bool = False) -> Outcome:
    """Put features into a source: all of them, or none where one cannot be right.

    Args:
        replace: what is there already is replaced instead of left as it is.

    Raises:
        NotFoundError: no such source.
        BadInputError: a feature comes twice, or cannot be right; `field` names it.
    """
    await rates.take("upload")
    outcome = Outcome(model_id, source_id)
    prepared = await asyncio.to_thread(prepare, features, outcome)
    async with session() as writer:
        await write(writer, prepared, outcome, replace=replace)
        await activity.note("features.upload", f"/{model_id}/{source_id}", {"features": len(features)}, writer=writer)
        await writer.commit()
    return outcome


def prepare(features: Iterable[Upload], outcome: Outcome) -> list[Prepared]:
    """Features as they are stored; dead ones go to the outcome, as do things that had to be changed.

    Raises:
        BadInputError: as `upload`.
    """
    met: set[int] = set()
    prepared = []
    for place, one in enumerate(features):
        if one.line.index in met:
            raise BadInputError(f"Feature {one.line.index} comes twice.", field=f"features.{place}.index")
        met.add(one.line.index)
        if not any(value > 0 for line in one.activations for value in line.values):
            outcome.dead.append(one.line.index)
            continue
        prepared.append(_prepare(one, outcome))
    return prepared


def _prepare(one: Upload, outcome: Outcome) -> Prepared:
    def report(words: str) -> None:
        outcome.problems.append(f"feature {one.line.index}: {words}")

    line = one.line
    if line.max_act_approx is None:
        line = line.model_copy(update={"max_act_approx": max(max(each.values) for each in one.activations)})
    block = packed(one.activations, report)
    return Prepared(line.index, feature_row(0, line, report), len(one.activations), block, one.explanations)
