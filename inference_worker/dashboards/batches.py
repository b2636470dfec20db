"""One output batch: features of a range, their statistics and their examples, as rows of the public layout."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference_worker.dashboards.attributions import Pairs
from inference_worker.dashboards.examples import Chooser, Chosen, Example, WindowValues, of_feature
from inference_worker.dashboards.layout import CREATOR, Row, activation_id, rounded, share
from inference_worker.dashboards.logits import LogitEffect, Ranked, alignment, logit_effect, neighbours
from inference_worker.dashboards.material import Material, Names
from inference_worker.dashboards.statistics import Correlated, bar_centres

BLOCK = 128
"""Features worked on at once; bounds memory, changes nothing in the result."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of some features."""

    features: list[Row]
    activations: list[Row]


@dataclass(frozen=True, slots=True)
class Shown:
    """Examples of a block's features, feature after feature."""

    chosen: Chosen
    live: list[int]
    pairs: list[tuple[int, Example]]
    places: list[int]
    """Of each example in its feature's list."""
    values: list[list[float]]
    """Of each example, without BOS, rounded."""


def block_rows(material: Material, first: int, end: int) -> Rows:
    """Rows of the live features `[first, end)`."""
    shown = _shown(material, first, end)
    return Rows(_feature_rows(material, shown.chosen, shown.live), _activation_rows(material, shown))


def block_pairs(material: Material, first: int, end: int) -> Pairs:
    """The examples of the features `[first, end)`, each with the token of its largest value."""
    shown = _shown(material, first, end)
    return Pairs(
        np.array([feature for feature, _ in shown.pairs], dtype=np.int64),
        np.array([example.window for _, example in shown.pairs], dtype=np.int64),
        np.array([values.index(max(values)) + 1 for values in shown.values], dtype=np.int64),
    )


def _shown(material: Material, first: int, end: int) -> Shown:
    chosen = _chosen(material, first, end)
    live = [feature for feature in range(first, end) if material.live[feature]]
    examples = {feature: of_feature(chosen, feature, material.context) for feature in live}
    pairs = [(feature, example) for feature, found in examples.items() for example in found]
    places = [place for found in examples.values() for place in range(len(found))]
    values = _compact(_window_values(material, chosen, pairs)[:, 1:])  # BOS is not shown
    return Shown(chosen, live, pairs, places, values)


def _chosen(material: Material, first: int, end: int) -> Chosen:
    chooser = Chooser(material.known, first, end, material.context, material.wanted, material.seed)
    for shard in material.shards:
        chooser.add(shard.read(first, end))
    return chooser.chosen()


def _feature_rows(material: Material, chosen: Chosen, live: list[int]) -> list[Row]:
    first, end = chosen.first, chosen.first + len(chosen.bars)
    directions = material.decoder[first:end]
    written = None if material.written is None else logit_effect(material.written[first:end], material.unembed)
    aligned, aligned_share = alignment(directions)
    near = neighbours(material.decoder, material.live, first, end)
    known = material.known
    centres = bar_centres(known.smallest[first:end], known.largest[first:end])
    rows = []
    for feature in live:
        own = feature - first
        row = _identity(material.names, feature, float(known.largest[feature]), float(known.density[feature]))
        row |= _histogram("freq", centres[own], chosen.bars[own])
        row |= _written(written, own, material.label)
        row |= {
            "neuron_alignment_indices": aligned.indices[own].tolist(),
            "neuron_alignment_values": rounded(aligned.values[own]),
            "neuron_alignment_l1": rounded(aligned_share[own]),
        }
        row |= _vector(material, feature, float(known.largest[feature]))
        row |= _correlated(material.correlated, feature) | _similar(near, own)
        rows.append(row)
    return rows


def _identity(names: Names, feature: int, largest: float, density: float) -> Row:
    strongest = rounded(largest)
    return {
        "modelId": names.model_id,
        "layer": names.source_id,
        "index": str(feature),
        "sourceSetName": names.set_name,
        "creatorId": CREATOR,
        "maxActApprox": strongest,
        "frac_nonzero": share(density),
        "hasVector": False,
        "vector": [],
        "vectorLabel": None,
        "vectorDefaultSteerStrength": strongest,
        "hookName": names.hook_name,
        "decoder_weights_dist": [],
        "correlated_neurons_indices": [],
        "correlated_neurons_l1": [],
        "correlated_neurons_pearson": [],
    }


def _vector(material: Material, feature: int, largest: float) -> Row:
    """A vector that somebody brought; steered with by this strength, its projection is the largest there was."""
    if material.vectors is None:
        return {}
    vector = material.vectors[feature]
    squared = float(vector.double().square().sum())
    return {
        "hasVector": True,
        "vector": [float(f"{value:.9g}") for value in vector.tolist()],  # nine digits hold a float32 exactly
        "vectorLabel": material.labels[feature] if material.labels else None,
        "vectorDefaultSteerStrength": rounded(max(largest, 0.0) / squared) if squared else 0.0,
    }


def _histogram(name: str, centres: NDArray[np.float64], bars: NDArray[np.int64]) -> Row:
    return {
        f"{name}_hist_data_bar_heights": bars.tolist(),
        f"{name}_hist_data_bar_values": rounded(centres),
    }


def _written(written: LogitEffect | None, own: int, label: Callable[[int], str]) -> Row:
    if written is None:
        names = ("pos_str", "pos_values", "neg_str", "neg_values")
        bars = ("logits_hist_data_bar_heights", "logits_hist_data_bar_values")
        return {name: [] for name in (*names, *bars)}
    centres = bar_centres(written.low[own : own + 1], written.high[own : own + 1])[0]
    return {
        "pos_str": [label(token) for token in written.top.indices[own].tolist()],
        "pos_values": rounded(written.top.values[own]),
        "neg_str": [label(token) for token in written.bottom.indices[own].tolist()],
        "neg_values": rounded(written.bottom.values[own]),
        **_histogram("logits", centres, written.bars[own]),
    }


def _correlated(found: Correlated, feature: int) -> Row:
    real = found.indices[feature] >= 0
    return {
        "correlated_features_indices": found.indices[feature][real].tolist(),
        "correlated_features_pearson": rounded(found.pearson[feature][real]),
        # The public exports call the cosine of the two activation vectors l1.
        "correlated_features_l1": rounded(found.cosine[feature][real]),
    }


def _similar(near: Ranked, own: int) -> Row:
    real = np.isfinite(near.values[own])
    return {
        "topkCosSimIndices": near.indices[own][real].tolist(),
        "topkCosSimValues": rounded(near.values[own][real]),
    }


def _activation_rows(material: Material, shown: Shown) -> list[Row]:
    bounds = _bounds(material, shown.chosen)
    first = shown.chosen.first
    given = material.attributions(first, first + len(shown.chosen.bars)).by_pair() if material.attributions else {}
    return [
        _activation_row(material, feature, place, example, values, bounds[feature, example.interval])
        | _attributed(given.get((feature, example.window)), values)
        for (feature, example), place, values in zip(shown.pairs, shown.places, shown.values, strict=True)
    ]


def _attributed(given: NDArray[np.float32] | None, values: list[float]) -> Row:
    """What each token gave to the largest value; what BOS gave, which is not shown, has a field of ours."""
    if given is None:
        return {}
    own = rounded(given)
    return {
        "dfaValues": own[1:],
        "dfaMaxValue": max(own[1:]),
        "dfaTargetIndex": values.index(max(values)),
        "dfaBosValue": own[0],
    }


def _window_values(
    material: Material, chosen: Chosen, pairs: list[tuple[int, Example]]
) -> NDArray[np.float32]:  # [pair, context]
    features = np.array([feature for feature, _ in pairs], dtype=np.int64)
    windows = np.array([example.window for _, example in pairs], dtype=np.int64)
    filled = WindowValues(features, windows, chosen.first, material.context)
    end = chosen.first + len(chosen.bars)
    for shard in material.shards:
        filled.add(shard.read(chosen.first, end), shard.first, shard.count)
    return filled.values


Bounds = dict[tuple[int, int | None], Row]


def _bounds(material: Material, chosen: Chosen) -> Bounds:
    """Bounds and share of each group of examples; the lowest interval begins at 0 and holds the zeros too."""
    n, intervals = chosen.interval_counts.shape
    own = slice(chosen.first, chosen.first + n)
    known = material.known
    counts = chosen.interval_counts.copy()
    counts[:, 0] += known.counted - known.nonzero[own]
    edges = rounded(known.largest[own, None] * np.linspace(0, 1, intervals + 1))
    found: Bounds = {}
    for feature, at, inside in zip(range(own.start, own.stop), edges, counts / max(1, known.counted), strict=True):
        found[feature, None] = {"binMin": -1, "binMax": at[-1], "binContains": -1}
        for interval in range(intervals):
            found[feature, interval] = {
                "binMin": at[interval],
                "binMax": at[interval + 1],
                "binContains": share(inside[interval]),
            }
    return found


def _activation_row(
    material: Material, feature: int, place: int, example: Example, values: list[float], bounds: Row
) -> Row:
    """A row of the layout; what rows have in common stands together, which packs a tenth smaller."""
    names = material.names
    largest = max(values)
    return {
        "modelId": names.model_id,
        "layer": names.source_id,
        "index": str(feature),
        "creatorId": CREATOR,
        "dataSource": names.dataset,
        "dfaValues": [],
        "dfaMaxValue": None,
        "dfaTargetIndex": None,
        "minValue": min(values),
        **bounds,
        "id": activation_id(names.model_id, names.source_id, feature, place),
        "dataIndex": str(material.window_numbers[example.window]),
        "maxValue": largest,
        "maxValueTokenIndex": values.index(largest),
        "qualifyingTokenIndex": example.qualifying - 1,
        "tokens": material.strings(example.window)[1:],
        "values": values,
    }


def _compact(values: NDArray[np.float32]) -> list[list[float]]:
    """Rounded values, row by row, with zeros as the integer 0, which most are and which is shorter as text."""
    found: list[list[float]] = [[0] * values.shape[1] for _ in values]
    rows, places = np.nonzero(values)
    for row, place, value in zip(rows.tolist(), places.tolist(), rounded(values[rows, places]), strict=True):
        found[row][place] = value
    return found
