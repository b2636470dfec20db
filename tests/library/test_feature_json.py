"""The public JSON of a feature has every column that clients of the reference system read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from memicos_app.library import features
from memicos_app.library.datasets.importing import import_source
from memicos_app.library.feature_json import encode, feature_json
from tests.library.datasets.folder import MODEL, SOURCE, Folder, activation, explanation, feature

COLUMNS = [
    "modelId",
    "layer",
    "index",
    "sourceSetName",
    "creatorId",
    "createdAt",
    "maxActApprox",
    "hasVector",
    "vector",
    "vectorLabel",
    "vectorDefaultSteerStrength",
    "hookName",
    "topkCosSimIndices",
    "topkCosSimValues",
    "neuron_alignment_indices",
    "neuron_alignment_values",
    "neuron_alignment_l1",
    "correlated_neurons_indices",
    "correlated_neurons_pearson",
    "correlated_neurons_l1",
    "correlated_features_indices",
    "correlated_features_pearson",
    "correlated_features_l1",
    "neg_str",
    "neg_values",
    "pos_str",
    "pos_values",
    "frac_nonzero",
    "freq_hist_data_bar_heights",
    "freq_hist_data_bar_values",
    "logits_hist_data_bar_heights",
    "logits_hist_data_bar_values",
    "decoder_weights_dist",
    "umap_cluster",
    "umap_log_feature_sparsity",
    "umap_x",
    "umap_y",
]
JOINED = ["model", "source", "sourceSet", "creator", "lists", "comments", "activations", "explanations"]
ACTIVATION = [
    "id",
    "modelId",
    "layer",
    "source",
    "index",
    "tokens",
    "values",
    "maxValue",
    "maxValueTokenIndex",
    "minValue",
    "dataIndex",
    "dataSource",
    "dfaValues",
    "dfaTargetIndex",
    "dfaMaxValue",
    "zQIndices",
    "zKIndices",
    "zValues",
    "creatorId",
    "lossValues",
    "logitContributions",
    "binMin",
    "binMax",
    "binContains",
    "qualifyingTokenIndex",
    "createdAt",
]


@pytest.fixture
async def content(database: str, tmp_path: Path) -> dict[str, Any]:
    """The JSON of a feature, read back from its bytes."""
    folder = Folder(tmp_path)
    given = feature(4, neuron_alignment_l1=[0.25], decoder_weights_dist=[0.5], vectorLabel="mine", umap_x=1.5)
    folder.batch("features/batch-0", [given])
    folder.batch(
        "activations/batch-0",
        [
            activation(4, ["a", "\ud800"], [0.5, 0], binMin=0, binMax=1, binContains=0.25, dataSource="pile"),
            activation(4, ["b", "c"], [0, 2.25], qualifyingTokenIndex=1, dfaValues=[1, 2], dfaTargetIndex=0),
        ],
    )
    folder.batch("explanations/batch-0", [explanation(4, "x", id="e1", typeName="t", explanationModelName="gpt")])
    await import_source(folder.write(), MODEL, SOURCE)
    read: dict[str, Any] = json.loads(encode(feature_json(await features.feature(MODEL, SOURCE, 4))))
    return read


def test_every_column_is_there(content: dict[str, Any]) -> None:
    assert sorted(content) == sorted(COLUMNS + JOINED)
    for row in content["activations"]:
        assert sorted(row) == sorted(ACTIVATION)


def test_values_are_those_of_the_dataset(content: dict[str, Any]) -> None:
    given = feature(4, neuron_alignment_l1=[0.25], decoder_weights_dist=[0.5], vectorLabel="mine", umap_x=1.5)
    for name, value in given.items():
        assert content[name] == (str(value) if name == "index" else value), name


def test_activations_are_strongest_first(content: dict[str, Any]) -> None:
    first, second = content["activations"]
    assert (first["maxValue"], first["maxValueTokenIndex"], first["minValue"]) == (2.25, 1, 0)
    assert (first["index"], first["qualifyingTokenIndex"], first["dfaValues"]) == ("4", 1, [1, 2])
    assert (first["binMin"], first["binContains"]) == (None, None), "without an interval; clients refuse -1"
    assert (second["binMin"], second["binMax"], second["binContains"]) == (0, 1, 0.25)
    assert (second["tokens"], second["dataSource"], second["dfaValues"]) == (["a", "\ud800"], "pile", [])
    assert first["id"] != second["id"]


def test_explanations_have_ids(content: dict[str, Any]) -> None:
    (one,) = content["explanations"]
    assert {name: one[name] for name in ("id", "description", "typeName", "explanationModelName", "scores")} == {
        "id": "e1",
        "description": "x",
        "typeName": "t",
        "explanationModelName": "gpt",
        "scores": [],
    }


def test_source_and_set_are_joined(content: dict[str, Any]) -> None:
    assert content["source"]["id"] == content["layer"] == SOURCE
    assert content["sourceSetName"] == content["sourceSet"]["name"] == "res-tiny"
    assert content["sourceSet"]["defaultRange"] == 2


def test_bytes_of_anything() -> None:
    assert encode({"a": "é"}) == '{"a":"é"}'.encode()
    assert json.loads(encode({"a": "\ud83d", "b": [float("nan")]})) == {"a": "\ud83d", "b": [None]}
