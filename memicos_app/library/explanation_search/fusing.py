"""Several lists as one: reciprocal rank fusion over features, each list's best explanation of a feature counting.

A feature scores the sum over the lists of weight * share / (K + rank), rank from 1. The method and K = 60 are those
of Cormack, Clarke and Buettcher, "Reciprocal Rank Fusion outperforms Condorcet and individual Rank Learning Methods"
(SIGIR 2009). `share` is ours: a list of words says how much of the query a text holds, and what holds little of it
counts little.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from memicos_app.library.explanation_search.found import Candidate

K = 60


@dataclass(frozen=True, slots=True)
class Ranked:
    """A list in its order, best first, and how much its word counts."""

    candidates: Sequence[Candidate]
    weight: float = 1.0


def fused(lists: Sequence[Ranked]) -> list[Candidate]:
    """One candidate a feature, best first: the one whose own score is largest."""
    scores: dict[tuple[str, str, int], float] = {}
    best: dict[tuple[str, str, int], tuple[float, Candidate]] = {}
    for each in lists:
        rank, met = 0, set()
        for candidate in each.candidates:
            if candidate.feature in met:
                continue
            met.add(candidate.feature)
            rank += 1
            score = each.weight * candidate.share**2 / (K + rank)
            scores[candidate.feature] = scores.get(candidate.feature, 0.0) + score
            if candidate.feature not in best or score > best[candidate.feature][0]:
                best[candidate.feature] = (score, candidate)
    order = sorted(scores, key=lambda feature: (-scores[feature], best[feature][1].number))
    return [best[feature][1] for feature in order]
