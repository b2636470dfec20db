"""Where sae-dashboard and we define the same field, they agree on the same model, SAE and tokens.

Its output for a few features is committed; `python -m benchmarks.generator fixture` makes it anew. It rounds to three
decimals and divides by all tokens, we keep four digits and divide by those that count; both are undone here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.generator import CORPUS, FIXTURE, FIXTURE_FEATURES, parity_rows, weights_sha256
from inference_worker.dashboards.batches import Material, Names, Rows, block_rows
from inference_worker.dashboards.collect import collect
from inference_worker.dashboards.encoder import Encoder
from inference_worker.dashboards.examples import Wanted
from inference_worker.dashboards.shards import plan
from inference_worker.dashboards.statistics import correlated, totals
from tests import packaged
from tests.inference_worker.dashboards.conftest import MODEL, SOURCE

FIRST, END = FIXTURE_FEATURES.start, FIXTURE_FEATURES.stop


@dataclass(frozen=True)
class Both:
    """The same features twice."""

    theirs: dict[int, Any]
    ours: dict[int, Any]
    examples: dict[int, list[Any]]
    tokens: int
    """All positions, which theirs divides by."""
    counted: int


@pytest.fixture(scope="module")
def both(sae_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Both:
    fixture = json.loads(FIXTURE.read_text())
    if fixture["sae_sha256"] != weights_sha256(sae_folder):
        pytest.fail("the SAE has changed: make the fixture anew with `python -m benchmarks.generator fixture`")
    material = made(sae_folder, tmp_path_factory.mktemp("parity"))
    rows: Rows = block_rows(material, FIRST, END)
    examples: dict[int, list[Any]] = {feature: [] for feature in FIXTURE_FEATURES}
    for row in rows.activations:
        examples[int(row["index"])].append(row)
    return Both(
        {feature["feature_index"]: feature for feature in fixture["features"]},
        {int(row["index"]): row for row in rows.features},
        examples,
        fixture["n_tokens"],
        material.known.counted,
    )


def made(sae_folder: Path, folder: Path) -> Material:
    """The fixture's rows through our generator; only the fixture's features are live, as theirs sees no others."""
    windows = parity_rows(np.load(CORPUS))
    count, context = windows.shape
    encoder = Encoder(MODEL, packaged.models(), sae_folder, SOURCE)
    encoder.loaded.sae.fold_W_dec_norm()  # sae-dashboard does, whatever SAE it is given
    shards = plan(folder, count, context, 16)
    for shard in shards:
        collect(shard, windows, encoder, 8)
    known = totals(shards, encoder.n_features)
    live = np.zeros(encoder.n_features, dtype=bool)
    live[FIRST:END] = known.nonzero[FIRST:END] > 0
    over_all = replace(known, counted=windows.size)
    return Material(
        Names(MODEL, SOURCE, "res-4k", encoder.loaded.hook_name, ""),
        shards,
        context,
        known,
        live,
        correlated(shards, over_all, live, 0, encoder.n_features),
        encoder.decoder,
        encoder.written,
        encoder.unembed,
        encoder.model.tokenizer.label,
        lambda window: encoder.model.tokenizer.strings(windows[window].tolist()),
        np.arange(count),
        Wanted(),
        0,
    )


def test_the_features_compared_fire(both: Both) -> None:
    assert len(both.ours) >= 8


def test_density_and_histograms(both: Both) -> None:
    for feature, ours in both.ours.items():
        theirs = both.theirs[feature]
        assert round(theirs["frac_nonzero"] * both.tokens) == round(ours["frac_nonzero"] * both.counted)
        for name in ("freq", "logits"):
            heights, values = f"{name}_hist_data_bar_heights", f"{name}_hist_data_bar_values"
            assert sum(ours[heights]) == sum(theirs[heights])
            # A value on an edge may fall to either side; the logits have 49,152 values.
            assert np.abs(np.subtract(ours[heights], theirs[heights])).sum() <= (2 if name == "freq" else 8)
            np.testing.assert_allclose(ours[values], theirs[values], rtol=6e-4, atol=6e-4)


def test_logits(both: Both) -> None:
    for feature, ours in both.ours.items():
        theirs = both.theirs[feature]
        for side in ("pos", "neg"):
            np.testing.assert_allclose(ours[f"{side}_values"], theirs[f"{side}_values"], rtol=6e-4, atol=6e-4)
            for one, other in zip(ours[f"{side}_str"], theirs[f"{side}_str"], strict=True):
                assert one == other or not (one.isascii() and other.isascii())  # theirs shows bytes of some letters


def test_neuron_alignment(both: Both) -> None:
    for feature, ours in both.ours.items():
        theirs = both.theirs[feature]
        assert ours["neuron_alignment_indices"] == theirs["neuron_alignment_indices"]
        for name in ("neuron_alignment_values", "neuron_alignment_l1"):
            np.testing.assert_allclose(ours[name], theirs[name], rtol=6e-4, atol=6e-4)


def test_correlated_features(both: Both) -> None:
    compared = 0
    for feature, ours in both.ours.items():
        theirs = both.theirs[feature]
        found = dict(zip(theirs["correlated_features_indices"], range(3), strict=True))
        for place, other in enumerate(ours["correlated_features_indices"]):
            pearson = ours["correlated_features_pearson"][place]
            if pearson < 2e-3:
                continue  # theirs rounds these to 0 and picks among them by chance
            compared += 1
            for name in ("pearson", "l1"):
                expected = theirs[f"correlated_features_{name}"][found[other]]
                assert ours[f"correlated_features_{name}"][place] == pytest.approx(expected, rel=1e-3, abs=1e-3)
    assert compared >= 3


def test_strongest_examples(both: Both) -> None:
    """Theirs lists tokens, ours windows: the windows of theirs are the first of ours, with the same values."""
    for feature, examples in both.examples.items():
        theirs = [
            row for row in both.theirs[feature]["activations"] if row["bin_contains"] == -1 and max(row["values"])
        ]
        distinct = list({row["tokens"]: row for row in theirs}.values())
        ours = [row for row in examples if row["binContains"] == -1][: len(distinct)]
        assert len(ours) == len(distinct)
        for one, other in zip(ours, distinct, strict=True):
            np.testing.assert_allclose(one["values"], other["values"], rtol=6e-4, atol=6e-4)
            assert one["binMax"] == pytest.approx(other["bin_max"], rel=6e-4, abs=6e-4)


def test_intervals(both: Both) -> None:
    compared = 0
    for feature, examples in both.examples.items():
        theirs = {
            row["bin_min"]: row for row in both.theirs[feature]["activations"] if row["bin_contains"] != -1
        }  # one of each interval
        for row in (row for row in examples if row["binContains"] != -1):
            other = next(
                one for low, one in theirs.items() if low == pytest.approx(row["binMin"], rel=6e-4, abs=6e-4)
            )
            compared += 1
            assert row["binMax"] == pytest.approx(other["bin_max"], rel=6e-4, abs=6e-4)
            outside = (1 - row["binContains"]) if row["binMin"] == 0 else row["binContains"]
            outside_theirs = (1 - other["bin_contains"]) if row["binMin"] == 0 else other["bin_contains"]
            assert round(outside * both.counted) == round(outside_theirs * both.tokens)
    assert compared > 20
