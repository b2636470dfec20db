"""Batches that SAEDashboard wrote become a dataset and go in by the same door.

`tests/data/saedashboard-batch-0.json`: two features of gpt2-small `0-res-jb` as the public generator wrote
them (MIT licence, Decode Research).
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from memicos_app.library import features
from memicos_app.library.datasets import saedashboard
from memicos_app.library.datasets.importing import import_source
from memicos_app.library.errors import BadInputError

BATCH = Path(__file__).parents[2] / "data" / "saedashboard-batch-0.json"


async def test_everything_of_a_batch_is_there_after_import(database: str, tmp_path: Path) -> None:
    name = saedashboard.convert([BATCH], tmp_path, hook_point="hook_resid_pre")
    assert name == ("gpt2-small", "0-res-jb")
    report = await import_source(tmp_path, *name)
    assert (report.n_features, report.n_examples, report.problems.first) == (2, 73, [])
    said = json.loads(BATCH.read_text())["features"][0]
    view = await features.feature(*name, 0)
    assert view.max_activation == 2.214
    assert view.density == said["frac_nonzero"]
    assert (view.positive_tokens, view.positive_values) == (said["pos_str"], said["pos_values"])
    assert (view.negative_tokens, view.negative_values) == (said["neg_str"], said["neg_values"])
    assert view.activation_histogram.values == said["freq_hist_data_bar_values"]
    assert view.activation_histogram.heights == said["freq_hist_data_bar_heights"]
    assert view.logits_histogram.values == said["logits_hist_data_bar_values"]
    assert view.logits_histogram.heights == said["logits_hist_data_bar_heights"]
    assert view.extra["neuron_alignment_indices"] == said["neuron_alignment_indices"]
    assert view.correlated_pearson == said["correlated_features_pearson"]
    assert view.source.hook_name == "blocks.0.hook_resid_pre"
    assert view.made_from == {
        "dataset": "Skylion007/openwebtext",
        "n_prompts": said["n_prompts_total"],
        "n_tokens_in_prompt": said["n_tokens_in_prompt"],
    }
    expected = sorted(said["activations"], key=lambda row: -max(row["values"]))
    assert len(view.activations) == len(expected)
    for shown, row in zip(view.activations, expected, strict=True):
        assert shown.tokens == row["tokens"]
        assert shown.values == row["values"], "three decimals are kept to the last bit"
        assert (shown.bin_min, shown.bin_max, shown.bin_contains) == (
            row["bin_min"],
            row["bin_max"],
            row["bin_contains"],
        )
        assert shown.qualifying_token_index == row["qualifying_token_index"]


async def test_a_dead_feature(database: str, tmp_path: Path) -> None:
    name = saedashboard.convert([BATCH], tmp_path)
    await import_source(tmp_path, *name)
    view = await features.feature(*name, 1)
    assert (view.max_activation, view.density, view.activation_histogram.values) == (0, 0, [])
    assert len(view.activations) == 35


def test_the_suffix_belongs_to_the_source(tmp_path: Path) -> None:
    content = {"model_id": "m", "layer": 6, "sae_set": "res", "sae_id_suffix": "l0-70", "features": []}
    (tmp_path / "batch-4.json").write_text(json.dumps(content))
    assert saedashboard.convert([tmp_path / "batch-4.json"], tmp_path) == ("m", "6-res__l0-70")
    assert (tmp_path / "v1/m/6-res__l0-70/features/batch-4.jsonl.gz").is_file()


def test_batch_files_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for name in ("batch-10.json", "batch-9.json", "run_settings.json", "batch-x.json"):
        shutil.copy(BATCH, tmp_path / name)
    assert [path.name for path in saedashboard.batch_files(tmp_path)] == ["batch-9.json", "batch-10.json"]
    assert saedashboard.batch_files(tmp_path / "nothing") == []


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"model_id": "m", "layer": 0, "features": [{}]}', '{"model_id": "m", "features": []}'],
)
def test_what_is_no_batch_is_refused_by_name(tmp_path: Path, content: str) -> None:
    path = tmp_path / "batch-0.json"
    path.write_text(content)
    with pytest.raises(BadInputError, match=r"batch-0\.json is not a SAEDashboard batch"):
        saedashboard.convert([path], tmp_path)


def test_batches_of_two_sources_do_not_mix(tmp_path: Path) -> None:
    other = tmp_path / "batch-1.json"
    other.write_text('{"model_id": "m", "layer": 0, "sae_set": "x", "features": []}')
    with pytest.raises(BadInputError, match="is of m/0-x, not gpt2-small/0-res-jb"):
        saedashboard.convert([BATCH, other], tmp_path)
