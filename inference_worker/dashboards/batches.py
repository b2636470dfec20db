"""One output batch: features of a range, their statistics and their examples, as rows of the public layout."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from inference_worker.dashboards.examples import Chooser, Chosen, Example, Wanted, WindowValues, of_feature
from inference_worker.dashboards.layout import CREATOR, Row, activation_id, rounded, share
from inference_worker.dashboards.logits import LogitEffect, Ranked, alignment, logit_effect, neighbours
from inference_worker.dashboards.shards import Shard
from inference_worker.dashboards.statistics import Correlated, Totals, bar_centres

BLOCK = 128
"""Features worked on at once; bounds memory, changes nothing in the result."""


@dataclass(frozen=True, slots=True)
class Names:
    """What the rows are called by."""

    model_id: str
    source_id: str
    set_name: str
    hook_name: str
    dataset: str


@dataclass(frozen=True, slots=True)
class Material:
    """All that the features of a source are made from."""

    names: Names
    shards: Sequence[Shard]
    context: int
    known: Totals
    live: NDArray[np.bool_]
    correlated: Correlated
    decoder: torch.Tensor  # [n_features, d_out]
    written: torch.Tensor | None  # [n_features, d_model]; None: the source does not write to the residual stream
    unembed: torch.Tensor  # [d_model, vocab]
    label: Callable[[int], str]
    """A token of the vocabulary as text."""
    strings: Callable[[int], list[str]]
    """The tokens of a window, BOS included, as text."""
    window_numbers: NDArray[np.int64]
    """Number of each window of the run in the whole corpus."""
    wanted: Wanted
    seed: int


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of some features."""

    features: list[Row]
    activations: list[Row]


def block_rows(material: Material, first: int, end: int) -> Rows:
    """Rows of the live features `[first, end)`."""
    chosen = _chosen(material, first, end)
    live = [feature for feature in range(first, end) if material.live[feature]]
    examples = {feature: of_feature(chosen, feature, material.context) for feature in live}
    return Rows(_feature_rows(material, chosen, live), _activation_rows(material, chosen, examples))


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


def _activation_rows(material: Material, chosen: Chosen, examples: dict[int, list[Example]]) -> list[Row]:
    pairs = [(feature, example) for feature, found in examples.items() for example in found]
    places = [place for found in examples.values() for place in range(len(found))]
    shown = _compact(_window_values(material, chosen, pairs)[:, 1:])  # BOS is not shown
    bounds = _bounds(material, chosen)
    return [
        _activation_row(material, feature, place, example, values, bounds[feature, example.interval])
        for (feature, example), place, values in zip(pairs, places, shown, strict=True)
    ]


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
