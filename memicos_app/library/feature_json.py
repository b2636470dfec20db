"""A feature as the public API and a download show it: one JSON shape, the reference system's columns and more.

Indices are text where clients expect text. `encode` writes any token, lone surrogates too.
"""

from __future__ import annotations

import json
import math
from typing import Any

import orjson

from memicos_app.library.views import ActivationView, ExplanationView, FeatureView

_OWN_ARRAYS = (
    "neuron_alignment_indices",
    "neuron_alignment_values",
    "neuron_alignment_l1",
    "correlated_neurons_indices",
    "correlated_neurons_pearson",
    "correlated_neurons_l1",
    "decoder_weights_dist",
)
_OWN_VALUES = ("vectorLabel", "umap_cluster", "umap_log_feature_sparsity", "umap_x", "umap_y")


def feature_json(view: FeatureView) -> dict[str, Any]:
    """Everything of a feature under its public names."""
    extra = view.extra
    return {
        "modelId": view.model_id,
        "layer": view.source_id,
        "index": str(view.index),
        "sourceSetName": view.source.set_name,
        "creatorId": None,
        "createdAt": None,
        "maxActApprox": view.max_activation,
        "frac_nonzero": view.density,
        "hasVector": view.has_vector,
        "vector": extra.get("vector", []),
        "vectorDefaultSteerStrength": extra.get("vectorDefaultSteerStrength", 10),
        "hookName": extra.get("hookName") or view.source.hook_name or None,
        **{name: extra.get(name) for name in _OWN_VALUES},
        "topkCosSimIndices": [one.index for one in view.similar],
        "topkCosSimValues": [one.cosine for one in view.similar],
        **{name: extra.get(name, []) for name in _OWN_ARRAYS},
        "correlated_features_indices": view.correlated_indices,
        "correlated_features_pearson": view.correlated_pearson,
        "correlated_features_l1": view.correlated_l1,
        "neg_str": view.negative_tokens,
        "neg_values": view.negative_values,
        "pos_str": view.positive_tokens,
        "pos_values": view.positive_values,
        "freq_hist_data_bar_heights": view.activation_histogram.heights,
        "freq_hist_data_bar_values": view.activation_histogram.values,
        "logits_hist_data_bar_heights": view.logits_histogram.heights,
        "logits_hist_data_bar_values": view.logits_histogram.values,
        **_surroundings(view),
        "activations": [_activation(view, one) for one in view.activations],
        "explanations": [_explanation(view, one) for one in view.explanations],
    }


def encode(content: Any) -> bytes:
    """JSON bytes; what UTF-8 cannot hold (lone surrogates in tokens) is written as escapes, NaN as null."""
    try:
        return orjson.dumps(content)
    except TypeError:
        return json.dumps(finite_json(content), allow_nan=False).encode("ascii")


def finite_json(content: Any) -> Any:
    """The content with null where a number is not finite."""
    if isinstance(content, float):
        return content if math.isfinite(content) else None
    if isinstance(content, dict):
        return {name: finite_json(value) for name, value in content.items()}
    if isinstance(content, list | tuple):
        return [finite_json(value) for value in content]
    return content


def _surroundings(view: FeatureView) -> dict[str, Any]:
    """Rows that the reference joins to a feature; accounts' things are empty here."""
    made = view.made_from
    return {
        "model": {"id": view.model_id},
        "source": {
            "id": view.source_id,
            "modelId": view.model_id,
            "setName": view.source.set_name,
            "hasDashboards": True,
            "saelensConfig": view.saelens_config,
            "dataset": made.get("dataset"),
            "num_prompts": made.get("n_prompts"),
            "num_tokens_in_prompt": made.get("n_tokens_in_prompt"),
        },
        "sourceSet": {
            "modelId": view.model_id,
            "name": view.source.set_name,
            "defaultRange": view.default_range,
            "defaultShowBreaks": view.default_show_breaks,
        },
        "creator": None,
        "lists": [],
        "comments": [],
    }


def _activation(view: FeatureView, one: ActivationView) -> dict[str, Any]:
    return {
        "id": one.id,
        "modelId": view.model_id,
        "layer": view.source_id,
        "source": view.source_id,
        "index": str(view.index),
        "tokens": one.tokens,
        "values": one.values,
        "maxValue": one.max_value,
        "maxValueTokenIndex": one.max_value_token_index,
        "minValue": one.min_value,
        **_interval(one),
        "qualifyingTokenIndex": one.qualifying_token_index,
        "dataIndex": one.extra.get("dataIndex"),
        "dataSource": one.data_source,
        "dfaValues": one.dfa_values or [],
        "dfaTargetIndex": one.dfa_target_index,
        "dfaMaxValue": one.dfa_max_value,
        "zQIndices": one.extra.get("zQIndices", []),
        "zKIndices": one.extra.get("zKIndices", []),
        "zValues": one.extra.get("zValues", []),
        "lossValues": one.extra.get("lossValues", []),
        "logitContributions": one.extra.get("logitContributions"),
        "creatorId": None,
        "createdAt": None,
    }


def _interval(one: ActivationView) -> dict[str, float | None]:
    """The interval an example was drawn from; the top group has no share, and clients refuse -1 for one."""
    known = (one.bin_min, one.bin_max, one.bin_contains) != (-1, -1, -1)
    return {
        "binMin": one.bin_min if known else None,
        "binMax": one.bin_max if known else None,
        "binContains": one.bin_contains if one.bin_contains >= 0 else None,
    }


def _explanation(view: FeatureView, one: ExplanationView) -> dict[str, Any]:
    return {
        "id": one.id,
        "modelId": view.model_id,
        "layer": view.source_id,
        "source": view.source_id,
        "index": str(view.index),
        "description": one.description,
        "typeName": one.type_name or None,
        "explanationModelName": one.model_name,
        "authorName": one.author or None,
        "notes": one.notes,
        "createdAt": one.created_at.isoformat(),
        "scores": one.scores,
        "triggeredByUser": None,
    }
