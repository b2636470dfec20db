"""What answers about features look like, for the description; see `shapes.py`."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from memicos_app.api.explanation_shapes import FeatureExplanation
from memicos_app.api.list_shapes import CommentAnswer, ListAnswer
from memicos_app.api.shapes import Shape

Number = float | None
"""Null where it is none that JSON can write."""
_AS_WRITTEN = (
    "frac_nonzero",
    "umap_",
    "neuron_alignment_",
    "correlated_",
    "decoder_weights_dist",
    "neg_",
    "pos_",
    "freq_hist_",
    "logits_hist_",
    "num_",
)


def public(name: str) -> str:
    """Names as the reference has them: some of its columns with underscores, all others in camelCase."""
    return name if name.startswith(_AS_WRITTEN) else to_camel(name)


class Columns(Shape):
    """Base of what has the reference's columns."""

    model_config = ConfigDict(alias_generator=public)


class StoredActivation(Columns):
    """One stored example: a window of tokens with a value each."""

    id: str
    model_id: str
    layer: str
    source: str
    index: str
    tokens: list[str]
    values: list[Number]
    max_value: Number
    max_value_token_index: int
    min_value: Number
    bin_min: Number
    """Of the interval that it was drawn from, as the next two; null: it is not known."""
    bin_max: Number
    bin_contains: Number
    """Share of all tokens in the interval; null for the strongest ones."""
    qualifying_token_index: int | None
    data_index: Any
    data_source: str | None
    dfa_values: list[Number]
    dfa_target_index: int | None
    dfa_max_value: Number
    z_q_indices: list[Any] = Field(alias="zQIndices")
    z_k_indices: list[Any] = Field(alias="zKIndices")
    z_values: list[Any]
    loss_values: list[Any]
    logit_contributions: Any
    creator_id: None
    created_at: None


class OfModel(Columns):
    id: str


class OfSource(Columns):
    id: str
    model_id: str
    set_name: str
    has_dashboards: bool
    saelens_config: dict[str, Any]
    dataset: Any
    """Of the texts that the numbers were made from, as the next two; null where nobody said."""
    num_prompts: int | None
    num_tokens_in_prompt: int | None


class OfSourceSet(Columns):
    model_id: str
    name: str
    default_range: int
    default_show_breaks: bool


class FeatureAnswer(Columns):
    """Everything known of a feature. `lists` and `comments` are filled where one feature is asked for by itself."""

    model_id: str
    layer: str
    index: str
    source_set_name: str
    creator_id: None
    created_at: None
    max_act_approx: Number
    frac_nonzero: Number
    """Share of tokens that it fires on; -1: it is not known."""
    has_vector: bool
    vector: list[Number]
    """Empty unless one is stored; the address with `/vector` asks the worker."""
    vector_default_steer_strength: Number
    vector_label: str | None
    hook_name: str | None
    umap_cluster: Number
    umap_log_feature_sparsity: Number
    umap_x: Number
    umap_y: Number
    topk_cos_sim_indices: list[int]
    topk_cos_sim_values: list[Number]
    neuron_alignment_indices: list[Any]
    neuron_alignment_values: list[Any]
    neuron_alignment_l1: list[Any]
    correlated_neurons_indices: list[Any]
    correlated_neurons_pearson: list[Any]
    correlated_neurons_l1: list[Any]
    decoder_weights_dist: list[Any]
    correlated_features_indices: list[int]
    correlated_features_pearson: list[Number]
    correlated_features_l1: list[Number]
    neg_str: list[str]
    neg_values: list[Number]
    pos_str: list[str]
    pos_values: list[Number]
    freq_hist_data_bar_heights: list[Number]
    freq_hist_data_bar_values: list[Number]
    logits_hist_data_bar_heights: list[Number]
    logits_hist_data_bar_values: list[Number]
    model: OfModel
    source: OfSource
    source_set: OfSourceSet
    creator: None
    lists: list[ListAnswer]
    """That it is in: public ones, and those of the person asking."""
    comments: list[CommentAnswer]
    """The oldest first; at most 200, the newest."""
    activations: list[StoredActivation]
    explanations: list[FeatureExplanation]


class DirectionAnswer(Shape):
    model_id: str
    source: str
    index: str
    hook_name: str
    norm: float
    vector: list[float]


class FeatureLine(Shape):
    """A feature as one line of a list."""

    index: int
    explanation: str
    explanation_type: str = Field(alias="explanation_type")
    density: Number
    max_activation: Number = Field(alias="max_activation")
    tokens: list[str]
    """Around the strongest activation, with the next two."""
    values: list[Number]
    peak: int


class FeaturesAnswer(Shape):
    total: int
    offset: int
    rows: list[FeatureLine]
    next_cursor: str | None
    """Null: these are the last."""
