"""A whole generation with the real model: its numbers are those of plain code, and it knows what it refuses."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from inference_worker.dashboards.examples import Wanted
from inference_worker.dashboards.generation import Generation, GenerationError
from inference_worker.dashboards.progress import Step
from inference_worker.dashboards.run import generate
from inference_worker.engine.encode import encode
from inference_worker.engine.model import LanguageModel
from inference_worker.engine.saes import load_sae
from tests.inference_worker.dashboards.conftest import CORPUS, MODEL, SOURCE, Made, Plain

SOME = (5, 267, 531, 1030, 2049, 4000)


def test_every_window_of_the_run_is_in_the_examples(made: Made, plain: Plain) -> None:
    """Else the plain reference, built from the examples, would lack tokens that the statistics counted."""
    assert len(plain.windows) == made.json("generation.json")["n_prompts"] == 40


def test_stored_values_are_those_of_plain_transformers_and_saelens(made: Made, plain: Plain) -> None:
    place = window_places(made)
    different = 0
    for feature, rows in made.activations.items():
        for row in rows:
            exact = plain.values[place[row["dataIndex"]], 1:, feature]
            different += int((~np.isclose(row["values"], exact, rtol=1e-3, atol=1e-4)).sum())
    assert different <= 2  # a value within rounding of the threshold may fall to either side


def test_density_extremes_and_bars_are_those_of_all_tokens(made: Made, plain: Plain) -> None:
    counted = int(plain.counts.sum())
    assert made.json("generation.json")["n_tokens_counted"] == counted
    for feature in live(made):
        row, values = made.features[feature], plain.values[:, :, feature]
        fired = values[values > 0].astype(np.float64)
        assert row["frac_nonzero"] == pytest.approx(len(fired) / counted, rel=1e-5)
        assert row["maxActApprox"] == pytest.approx(fired.max(), rel=1e-3)
        expected, edges = np.histogram(fired, 50, (fired.min(), fired.max()))
        assert np.abs(np.array(row["freq_hist_data_bar_heights"]) - expected).sum() <= 2
        np.testing.assert_allclose(row["freq_hist_data_bar_values"], (edges[1:] + edges[:-1]) / 2, rtol=1e-3)


def test_intervals_have_their_bounds_and_shares(made: Made, plain: Plain) -> None:
    counted = plain.values[plain.counts]  # [token, feature]
    for feature in live(made):
        values = counted[:, feature].astype(np.float64)
        edges = np.linspace(0, values.max(), 6)
        shares, _ = np.histogram(values, edges)
        for row in made.activations[feature]:
            if row["binContains"] == -1:
                assert row["binMin"] == -1
                assert row["binMax"] == pytest.approx(values.max(), rel=1e-3)
                continue
            interval = round(row["binMin"] / values.max() * 5)
            assert [row["binMin"], row["binMax"]] == pytest.approx(edges[interval : interval + 2], rel=1e-3, abs=1e-9)
            assert row["binContains"] == pytest.approx(shares[interval] / len(values), abs=1.5 / len(values))
            qualifying = row["values"][row["qualifyingTokenIndex"]]
            assert edges[interval] * 0.999 <= qualifying <= edges[interval + 1] * 1.001


def test_the_strongest_windows_are_first(made: Made, plain: Plain) -> None:
    place = window_places(made)
    for feature in live(made):
        peaks = plain.values[:, :, feature].max(axis=1)
        top = [row for row in made.activations[feature] if row["binContains"] == -1]
        expected = np.sort(peaks[peaks > 0])[::-1][:6]
        np.testing.assert_allclose([row["maxValue"] for row in top], expected, rtol=1e-3)
        assert len({row["dataIndex"] for row in top}) == len(top)
        for row in top:
            assert row["values"][row["maxValueTokenIndex"]] == row["maxValue"]
            assert row["qualifyingTokenIndex"] == row["maxValueTokenIndex"]
            assert peaks[place[row["dataIndex"]]] == pytest.approx(row["maxValue"], rel=1e-3)


def test_an_activation_test_of_a_top_example_gives_what_is_stored(
    made: Made, language_model: LanguageModel, sae_folder: Path
) -> None:
    sae = load_sae(sae_folder, SOURCE)
    rows = np.load(CORPUS)[:, 1:127].reshape(-1, 63).astype(np.int64)
    for feature in live(made):
        row = made.activations[feature][0]
        ids = torch.tensor([[1, *rows[int(row["dataIndex"])].tolist()]])
        residual = language_model.capture(ids, [sae.hook_name])[sae.hook_name]
        tested = encode(residual, ids, sae, language_model.special_ids, features=[feature])[0, 1:, 0]
        np.testing.assert_allclose(row["values"], tested.numpy(), rtol=1e-3, atol=1e-4)


def test_tokens_are_text(made: Made, language_model: LanguageModel) -> None:
    rows = np.load(CORPUS)[:, 1:127].reshape(-1, 63)
    for feature in live(made):
        row = made.activations[feature][0]
        ids = rows[int(row["dataIndex"])].tolist()
        assert len(row["tokens"]) == len(row["values"]) == 63
        assert "".join(row["tokens"]) == language_model.tokenizer.hf.decode(ids)
        assert not any("Ġ" in token for token in row["tokens"])
        assert all(isinstance(token, str) and token for token in made.features[feature]["pos_str"])


def test_logits_are_decoder_through_norm_and_unembedding(
    made: Made, language_model: LanguageModel, sae_folder: Path
) -> None:
    plain = language_model.bridge.original_model
    unembed = plain.lm_head.weight.detach() * plain.model.norm.weight.detach()  # [vocab, d_model]
    sae = load_sae(sae_folder, SOURCE).sae
    for feature in live(made):
        effect = unembed @ sae.W_dec[feature].detach()
        best = (effect - effect.mean()).topk(10)
        row = made.features[feature]
        np.testing.assert_allclose(row["pos_values"], best.values.numpy(), rtol=2e-3)
        assert row["pos_str"][0] == language_model.tokenizer.label(int(best.indices[0]))
        assert sum(row["logits_hist_data_bar_heights"]) == 49_152


def test_sinks_and_special_tokens_are_in_nothing(made: Made, plain: Plain) -> None:
    assert 0 < (~plain.counts[:, 1:]).sum() < 0.1 * plain.counts.size
    place = window_places(made)
    for rows in made.activations.values():
        for row in rows:
            out = ~plain.counts[place[row["dataIndex"]], 1:]
            assert not np.array(row["values"])[out].any()


def test_dead_and_sparse_features_are_skipped_and_listed(made: Made, plain: Plain) -> None:
    skipped = made.json("skipped_indexes.json")
    assert skipped["model_id"] == MODEL
    assert (skipped["layer"], skipped["sae_set"], skipped["log_sparsity"]) == ("15", "res-4k", -5.0)
    dead = np.flatnonzero(plain.values.reshape(-1, 4096).max(axis=0) == 0)
    assert skipped["skipped_indexes"] == dead.tolist()
    assert set(made.features) == set(made.activations) == set(range(4096)) - set(dead.tolist())
    named = {other for row in made.features.values() for other in row["topkCosSimIndices"]}
    named |= {other for row in made.features.values() for other in row["correlated_features_indices"]}
    assert named <= set(made.features)


def test_cards_say_what_was_done(made: Made, small: Generation) -> None:
    source, generation = made.json("source.jsonl"), made.json("generation.json")
    assert (source["id"], source["modelId"], source["setName"]) == (SOURCE, MODEL, "res-4k")
    assert (source["num_prompts"], source["num_tokens_in_prompt"]) == (40, 64)
    assert source["dataset"] == "held-out rows"
    assert source["saelensConfig"] == json.loads((small.sae / "cfg.json").read_text())
    assert generation["bos"] == {"id": 1, "prepended": True, "in_tokens": False}
    assert generation["special_ids"] == list(range(17))
    assert generation["dtype"] == "float32"
    assert made.json("model.jsonl")["dimension"] == 576
    assert made.json("sourceset.jsonl")["releaseName"] == made.json("release.jsonl")["name"]
    assert not list(made.folder.parents[2].glob(".generating/**/*.safetensors"))


def test_ids_are_distinct_and_stable(made: Made) -> None:
    ids = [row["id"] for rows in made.activations.values() for row in rows]
    assert len(set(ids)) == len(ids)
    feature = live(made)[0]
    assert made.activations[feature][3]["id"] == f"{MODEL}-{SOURCE}-{feature}-3"


def test_batches_cover_ranges_of_the_index(made: Made) -> None:
    names = sorted(path.name for path in (made.folder / "features").iterdir())
    assert names == [f"batch-{number}.jsonl.gz" for number in range(4)]
    indices = [int(row["index"]) for row in made.rows("features")]
    assert indices == sorted(indices)


def test_threshold_start_and_counts_have_their_effect(small: Generation, made: Made, tmp_path: Path) -> None:
    steps: list[Step] = []
    other = replace(
        small, out=tmp_path, log_sparsity_threshold=-2.0, start_batch=3, wanted=Wanted(2, 3, 1), prompts=16, batches=3
    )
    found = Made(generate(other, steps.append))
    skipped = set(found.json("skipped_indexes.json")["skipped_indexes"])
    assert len(skipped) > 1000
    assert all(row["frac_nonzero"] >= 0.01 for row in found.features.values())
    assert min(found.features) >= 3 * 1024
    assert max(len(rows) for rows in found.activations.values()) == 2 + 3 * 1
    assert {int(row["dataIndex"]) for rows in found.activations.values() for row in rows} <= set(range(3 * 8))
    stages = list(dict.fromkeys(step.stage for step in steps))
    assert stages == ["loading the model", "reading the corpus", "activations", "correlations", "dashboards"]
    assert steps[-1].done == steps[-1].total == 4096
    before = (found.folder / "generation.json").stat().st_mtime_ns
    assert generate(other) == found.folder
    assert (found.folder / "generation.json").stat().st_mtime_ns == before, "what is there is not made again"
    with pytest.raises(GenerationError, match=r"is there already, made with other settings \(seed\)"):
        generate(replace(other, seed=6))
    assert generate(replace(other, restart=True)) == found.folder
    assert (found.folder / "generation.json").stat().st_mtime_ns > before


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"prompts": 0}, "prompts"),
        ({"batch_prompts": 0}, "batch_prompts"),
        ({"features_per_batch": -1}, "features_per_batch"),
        ({"start_batch": -1}, "start_batch"),
        ({"wanted": Wanted(0, 5, 5)}, "top"),
        ({"sae": Path("/nowhere")}, "nowhere"),
        ({"corpus": Path("/nowhere.npy")}, "nowhere"),
    ],
)
def test_settings_that_cannot_be_right_are_named(
    small: Generation, tmp_path: Path, change: dict[str, Any], named: str
) -> None:
    with pytest.raises(GenerationError, match=named):
        generate(replace(small, out=tmp_path, **change))


def live(made: Made) -> list[int]:
    found = [feature for feature in SOME if feature in made.features]
    assert len(found) > 3
    return found


def window_places(made: Made) -> dict[str, int]:
    """Place of each window, by its number in the corpus, among those of `plain`."""
    numbers = sorted({int(row["dataIndex"]) for rows in made.activations.values() for row in rows})
    return {str(number): place for place, number in enumerate(numbers)}
