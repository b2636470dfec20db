"""The committed dashboards belong to the committed SAEs and windows, hold their numbers, and keep to their size."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from demo.make_datasets import ALL, CONTEXT, CORPUS, DATASETS, MODEL, PROMPTS, SAES, Dataset
from inference_worker.engine.encode import encode
from inference_worker.engine.loading import load_model
from inference_worker.engine.model import LanguageModel
from inference_worker.engine.saes import load_sae
from memicos_app.settings import ROOT
from tests import packaged

LIMIT = 80_000_000
KINDS = ("top-tokens", "written-by-hand")
PRESENT = [dataset for dataset in ALL if (DATASETS / "v1" / MODEL / dataset.source_id).is_dir()]


@pytest.fixture(scope="module")
def model() -> LanguageModel:
    torch.set_num_threads(1)
    return load_model(MODEL, models_dir=packaged.models())


def folder(dataset: Dataset) -> Path:
    return DATASETS / "v1" / MODEL / dataset.source_id


def rows(dataset: Dataset, kind: str, batch: int) -> list[Any]:
    packed = (folder(dataset) / kind / f"batch-{batch}.jsonl.gz").read_bytes()
    return [json.loads(line) for line in gzip.decompress(packed).splitlines()]


def test_the_middle_layer_is_there() -> None:
    assert ALL[0] in PRESENT
    assert ALL[0].layer == 15


def test_everything_of_the_demo_together_is_small() -> None:
    files = [path for path in (ROOT / "demo").rglob("*") if path.is_file() and "work" not in path.parts]
    assert sum(path.stat().st_size for path in files if "__pycache__" not in path.parts) <= LIMIT


def test_the_windows_are_those_counted() -> None:
    windows = np.load(CORPUS)
    assert windows.shape == (PROMPTS, CONTEXT)
    digest = hashlib.sha256(windows.astype(np.int32).tobytes()).hexdigest()
    for dataset in PRESENT:
        made = json.loads((folder(dataset) / "generation.json").read_text())
        assert made["windows_sha256"] == digest
        assert made["n_tokens_counted"] >= 1_000_000


@pytest.mark.parametrize("dataset", PRESENT, ids=lambda dataset: dataset.source_id)
def test_cards_agree_with_the_sae(dataset: Dataset) -> None:
    source = json.loads((folder(dataset) / "source.jsonl").read_text())
    config = json.loads((SAES / dataset.source_id / "cfg.json").read_text())
    assert source["saelensConfig"] == config
    assert source["nFeatures"] == config["d_sae"] == 4096
    assert source["evaluation"].keys() == {"tokens", "explained_variance", "l0", "dead_share", "loss_recovered"}


@pytest.mark.parametrize("dataset", PRESENT, ids=lambda dataset: dataset.source_id)
def test_every_live_feature_has_a_row_and_examples(dataset: Dataset) -> None:
    skipped = json.loads((folder(dataset) / "skipped_indexes.json").read_text())["skipped_indexes"]
    features = [int(row["index"]) for batch in range(4) for row in rows(dataset, "features", batch)]
    assert sorted(features + skipped) == list(range(4096))
    shown = rows(dataset, "activations", 0)
    assert {int(row["index"]) for row in shown} == {index for index in features if index < 1024}
    wanted = dataset.wanted
    for row in shown[:2000]:
        assert len(row["tokens"]) == len(row["values"]) == CONTEXT - 1
        assert row["maxValue"] == max(row["values"])
    counts = np.bincount([int(row["index"]) for row in shown], minlength=1024)
    assert counts.max() == wanted.top + wanted.intervals * wanted.per_interval


@pytest.mark.parametrize("dataset", PRESENT, ids=lambda dataset: dataset.source_id)
def test_stored_values_are_those_of_an_activation_test(dataset: Dataset, model: LanguageModel) -> None:
    sae = load_sae(SAES / dataset.source_id, dataset.source_id)
    windows = np.load(CORPUS).astype(np.int64)
    for row in rows(dataset, "activations", 2)[::4000]:
        ids = torch.from_numpy(windows[int(row["dataIndex"])][None])
        residual = model.capture(ids, [sae.hook_name])[sae.hook_name]
        tested = encode(residual, ids, sae, model.special_ids, features=[int(row["index"])])[0, 1:, 0]
        np.testing.assert_allclose(row["values"], tested.numpy(), rtol=1e-3, atol=1e-4)
        assert row["tokens"] == model.tokenizer.strings(ids[0].tolist())[1:]


def test_explanations_name_features_that_are_there() -> None:
    dataset = ALL[0]
    live = {int(row["index"]) for batch in range(4) for row in rows(dataset, "features", batch)}
    explained = rows(dataset, "explanations", 0)
    by_type = {kind: [int(row["index"]) for row in explained if row["typeName"] == kind] for kind in KINDS}
    assert set(by_type["top-tokens"]) == live
    assert len(by_type["written-by-hand"]) >= 300
    assert set(by_type["written-by-hand"]) <= live


@pytest.mark.parametrize("dataset", PRESENT, ids=lambda dataset: dataset.source_id)
def test_every_explained_feature_has_one_place_on_the_map(dataset: Dataset) -> None:
    explained = rows(dataset, "explanations", 0)
    places = {(row["index"], row["umap_x"], row["umap_y"], row["umap_cluster"]) for row in explained}
    assert len(places) == len({row["index"] for row in explained})
    assert all(-1 <= x <= 1 and -1 <= y <= 1 for _, x, y, _ in places)
    clusters = {cluster for *_, cluster in places if cluster >= 0}
    assert clusters == set(range(len(clusters)))
    assert len(clusters) >= 10
