"""Two sources side by side: how their features are distributed, what they say of themselves, which features match."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from inference_worker.wire.util import DecoderMatchRequest
from memicos_app.library import catalog
from memicos_app.library.errors import BadInputError
from memicos_app.library.facets import bar_edges
from memicos_app.library.feature_columns import Columns, Floats32, columns
from memicos_app.library.feature_facts import UNKNOWN, FeatureFacts, facts
from memicos_app.library.inference import inference
from memicos_app.library.views import SourceDetail

ALIKE = 0.7
"""Cosine from which on two features are said to match."""
MOST_PAIRS = 4e11
"""Multiplications of one comparison at most; of larger sources an even sample is compared."""
COSINE_BARS = 40
_FIGURES = ("n_features", "n_dashboards", "n_explained")


@dataclass(frozen=True, slots=True)
class Overlaid:
    """Two distributions on the same bars, as shares of each source's features that have the value."""

    name: str
    edges: list[float]
    first: list[float]
    second: list[float]


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that both sources say of themselves."""

    name: str
    first: Any
    second: Any

    @property
    def is_same(self) -> bool:
        """Whether they say the same."""
        return bool(self.first == self.second)


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Two sources as they stand in the database."""

    first: SourceDetail
    second: SourceDetail
    distributions: list[Overlaid]
    configuration: list[Difference]
    evaluation: list[Difference]


@dataclass(frozen=True, slots=True)
class Pair:
    """A feature of the one source, its best match in the other, and the cosine of their decoder directions."""

    first: int
    second: int
    cosine: float
    mutual: bool
    """Whether it is the match's best match, too."""


@dataclass(frozen=True, slots=True)
class Matching:
    """Best matches of one source's features in another."""

    pairs: list[Pair]
    """The most alike first."""
    n_features: int
    """Features of the first source; more than there are pairs where a sample was compared."""
    edges: list[float]
    heights: list[int]
    share_alike: float
    """Of the first's features that have a match of `ALIKE` or more."""
    share_alike_back: float
    """Of the second's."""
    share_mutual: float


async def side_by_side(model: str, source: str, other_model: str, other_source: str) -> SideBySide:
    """What is known of both.

    Raises:
        NotFoundError: no such model or source.
    """
    first, second = await catalog.source(model, source), await catalog.source(other_model, other_source)
    one, other = await columns(model, source), await columns(other_model, other_source)
    found = await asyncio.to_thread(_distributions, one, other) if one and other else []
    return SideBySide(
        first=first,
        second=second,
        distributions=found,
        configuration=differences(flat(first.saelens_config), flat(second.saelens_config)),
        evaluation=[
            *(Difference(name, getattr(first.source, name), getattr(second.source, name)) for name in _FIGURES),
            *differences(first.source.evaluation, second.source.evaluation),
        ],
    )


def flat(config: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration with its metadata, where the hook point may stand, beside the rest."""
    metadata = config.get("metadata")
    return {**(metadata if isinstance(metadata, dict) else {}), **config}


def differences(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[Difference]:
    """Everything that one of both says, in the order of the first; nested data is left out."""
    names = list(dict.fromkeys([*first, *second]))
    said = [Difference(name, first.get(name), second.get(name)) for name in names]
    return [one for one in said if not isinstance(one.first, dict | list) and not isinstance(one.second, dict | list)]


def _distributions(one: Columns, other: Columns) -> list[Overlaid]:
    found = [
        _overlaid("density", one.density, other.density, logarithmic=True),
        _overlaid("max_activation", one.max_activation, other.max_activation),
    ]
    found += [
        _overlaid(kind, one.scores[kind].values, other.scores[kind].values, positive=False)
        for kind in sorted(one.scores.keys() & other.scores.keys())
    ]
    return [each for each in found if each.edges]


def _overlaid(
    name: str, one: Floats32, other: Floats32, *, logarithmic: bool = False, positive: bool = True
) -> Overlaid:
    shown = [values[values > 0] if positive else values for values in (one, other)]
    if not all(len(values) for values in shown):
        return Overlaid(name, [], [], [])
    low, high = (float(end([end(values) for values in shown])) for end in (np.min, np.max))
    edges = bar_edges(low, high, logarithmic=logarithmic)
    heights = [np.histogram(values, edges)[0] / len(values) for values in shown]
    return Overlaid(name, edges, *(each.round(6).tolist() for each in heights))


async def matching(model: str, source: str, other_model: str, other_source: str) -> Matching:
    """Best matches by decoder cosine, both ways, from the worker.

    Raises:
        BadInputError: the two belong to different models, or write to different spaces.
        NotFoundError: the worker has no such source.
        UnavailableError: the worker is down, loading or busy.
    """
    if model != other_model:
        raise BadInputError("Directions of different models cannot be compared.", field="b")
    total, sample = await _sample(model, source, other_source)
    request = DecoderMatchRequest(model=model, source=source, target=other_source, features=sample)
    with inference({"source": "a", "target": "b", "model": "a"}) as client:
        found = await client.decoder_match(request)
    return await asyncio.to_thread(
        matched,
        np.asarray(sample if sample is not None else range(len(found.indices))),
        np.asarray(found.indices),
        np.asarray(found.cosines),
        np.asarray(found.target_indices),
        np.asarray(found.target_cosines),
        max(total, len(found.indices)),
    )


async def _sample(model: str, source: str, other_source: str) -> tuple[int, list[int] | None]:
    """How many features the first source has, and an even sample of them where all would be too many."""
    first, second = await catalog.source(model, source), await catalog.source(model, other_source)
    n, m = first.source.n_features, second.source.n_features
    width = int(second.saelens_config.get("d_in") or 4096)
    most = int(MOST_PAIRS / max(m * width, 1))
    if n <= most:
        return n, None
    return n, np.linspace(0, n - 1, min(max(most, 1), 100_000)).round().astype(int).tolist()


def matched(features: Any, indices: Any, cosines: Any, back: Any, back_cosines: Any, total: int) -> Matching:
    """Pairs and shares out of the worker's answer; all arrays are numpy's."""
    mutual = back[indices] == features
    order = np.argsort(-cosines, kind="stable")
    edges = np.linspace(-0.0, 1.0, COSINE_BARS + 1)
    return Matching(
        pairs=[
            Pair(int(features[at]), int(indices[at]), float(cosines[at]), bool(mutual[at])) for at in order.tolist()
        ],
        n_features=total,
        edges=[round(edge, 4) for edge in edges.tolist()],
        heights=np.histogram(np.clip(cosines, 0, 1), edges)[0].tolist(),
        share_alike=float((cosines >= ALIKE).mean()) if len(cosines) else 0.0,
        share_alike_back=float((back_cosines >= ALIKE).mean()) if len(back_cosines) else 0.0,
        share_mutual=float(mutual.mean()) if len(mutual) else 0.0,
    )


async def facts_of(
    model: str, source: str, other_source: str, pairs: list[Pair]
) -> dict[tuple[str, int], FeatureFacts]:
    """What is stored of the features of some pairs."""
    wanted = [(source, one.first) for one in pairs] + [(other_source, one.second) for one in pairs]
    known = await facts(model, wanted)
    return {key: known.get(key, UNKNOWN) for key in wanted}
