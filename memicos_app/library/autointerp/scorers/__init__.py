"""The ways of judging an explanation, by the names under which the field knows them: a module each."""

from __future__ import annotations

from collections.abc import Mapping

from memicos_app.library.autointerp.scorers import detection, embedding, fuzzing, recall, simulation
from memicos_app.library.autointerp.scorers.interface import Scorer
from memicos_app.library.errors import BadInputError

__all__ = ["SCORERS", "Scorer", "scorer"]

SCORERS: Mapping[str, Scorer] = {
    one.name: one
    for one in (
        recall.Recall(),
        detection.Detection(),
        fuzzing.Fuzzing(),
        embedding.Embedding(),
        simulation.Simulation(),
    )
}
"""By name, in the order in which they are offered."""


def scorer(name: str) -> Scorer:
    """One by its name.

    Raises:
        BadInputError: there is none of this name.
    """
    if name not in SCORERS:
        raise BadInputError(f"There is no scorer {name!r}; there are {', '.join(SCORERS)}.", field="scorer_type")
    return SCORERS[name]
