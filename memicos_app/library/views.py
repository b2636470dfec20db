"""Shapes that the library hands to pages, API and command line: plain data, no behaviour.

Arrays are lists so that they go into JSON and page state as they are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

SourceState = Literal["ready", "importing", "available", "weights-only", "empty"]
"""ready: browsable. available: a dataset origin holds it. weights-only: an SAE is there, no dashboards yet.
empty: announced, nothing is there."""


@dataclass(frozen=True, slots=True)
class ModelView:
    """A language model and what is known of it here."""

    id: str
    display_name: str
    owner: str
    layers: int
    dimension: int | None
    instruct: bool
    website: str
    default_source_id: str | None
    n_sources: int
    n_features: int
    n_explanations: int
    inference_enabled: bool
    visibility: str = "public"
    creator_id: str | None = None


@dataclass(frozen=True, slots=True)
class SourceView:
    """One SAE, transcoder or vector set at one hook point of a model."""

    model_id: str
    id: str
    set_name: str
    layer: int
    hook_name: str
    description: str
    state: SourceState
    n_features: int
    """Features the SAE has, dead ones included."""
    n_dashboards: int
    n_explained: int
    evaluation: dict[str, Any]
    """tokens, explained_variance, l0, dead_share, loss_recovered where known."""
    visibility: str = "public"
    """Its own; its set's and its model's may be stricter."""
    creator_id: str | None = None


@dataclass(frozen=True, slots=True)
class ReleaseView:
    """A paper or project that groups source sets."""

    name: str
    description: str
    creator_name: str
    urls: list[str]
    model_ids: list[str]
    set_names: list[str]


@dataclass(frozen=True, slots=True)
class SourceSetView:
    """The same kind of source at several layers of one model."""

    model_id: str
    name: str
    description: str
    release_name: str | None
    creator_name: str
    default_range: int
    default_show_breaks: bool
    sources: list[SourceView]
    type: str = ""
    """Its kind in a word or two, as people group sets."""
    urls: list[str] = field(default_factory=list)
    visibility: str = "public"
    creator_id: str | None = None


@dataclass(frozen=True, slots=True)
class Histogram:
    """Bars: `values[i]` is the centre of bar i, `heights[i]` its count or share."""

    values: list[float]
    heights: list[float]


@dataclass(frozen=True, slots=True)
class SourceDetail:
    """Everything the page of a source shows above its list."""

    source: SourceView
    saelens_config: dict[str, Any]
    made_from: dict[str, Any]
    """How the numbers were made: dataset, n_prompts, n_tokens_in_prompt, dtype, generator, date."""
    density: Histogram
    """Over log10 of `frac_nonzero` of live features."""
    max_activation: Histogram
    skipped: int
    """Features without a dashboard: dead or too sparse."""


@dataclass(frozen=True, slots=True)
class FeatureRow:
    """One line of a feature list."""

    index: int
    explanation: str
    explanation_type: str
    density: float
    max_activation: float
    tokens: list[str]
    """A few tokens around the strongest activation."""
    values: list[float]
    peak: int
    """Position of the strongest activation in `tokens`."""


FeatureSort = Literal["index", "density", "max_activation", "explanation"]


@dataclass(frozen=True, slots=True)
class FeatureList:
    """One page of a source's features."""

    total: int
    rows: list[FeatureRow]
    offset: int
    cursor: str | None = None
    """Leads to those that follow; None: these are the last."""


@dataclass(frozen=True, slots=True)
class FeatureHit:
    """A feature that a search found, with the explanation that it was found by."""

    model_id: str
    source_id: str
    index: int
    explanation: str
    explanation_type: str
    density: float
    max_activation: float
    strength: float | None = None
    """At which a preset steers with it."""


@dataclass(frozen=True, slots=True)
class ActivationView:
    """One stored example: a window of tokens with a value each."""

    id: str
    tokens: list[str]
    values: list[float]
    max_value: float
    min_value: float
    max_value_token_index: int
    bin_min: float
    bin_max: float
    bin_contains: float
    """Share of all tokens in the interval; -1 with `bin_min` -1 marks the top group."""
    qualifying_token_index: int | None
    data_source: str | None
    dfa_values: list[float] | None = None
    dfa_max_value: float | None = None
    dfa_target_index: int | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    """Further columns of the public layout under their public names, for example `lossValues`."""


@dataclass(frozen=True, slots=True)
class ExplanationView:
    """What somebody or something says a feature means."""

    id: str
    description: str
    type_name: str
    type_display_name: str
    model_name: str | None
    author: str
    notes: str | None
    created_at: datetime
    scores: list[dict[str, Any]] = field(default_factory=list)
    votes: int = 0
    """What people's votes for and against it come to."""
    made_here: bool = False
    """It came with no dataset: whoever owns the site may delete it."""
    own: bool = False
    """It was written here by hand."""
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SimilarFeature:
    """A feature whose decoder direction points nearly the same way."""

    index: int
    cosine: float
    explanation: str


@dataclass(frozen=True, slots=True)
class FeatureView:
    """Everything known of one feature: what its page, the API and a download show."""

    model_id: str
    source_id: str
    index: int
    density: float
    max_activation: float
    negative_tokens: list[str]
    negative_values: list[float]
    positive_tokens: list[str]
    positive_values: list[float]
    activation_histogram: Histogram
    logits_histogram: Histogram
    similar: list[SimilarFeature]
    correlated_indices: list[int]
    correlated_pearson: list[float]
    correlated_l1: list[float]
    activations: list[ActivationView]
    explanations: list[ExplanationView]
    previous_index: int | None
    """Nearest lower index that has a dashboard, else None; `next_index` likewise."""
    next_index: int | None
    has_vector: bool
    extra: dict[str, Any]
    """Further columns of the public layout, kept as they came (alignment tables, vector label, hook name…)."""
    source: SourceView
    made_from: dict[str, Any]
    saelens_config: dict[str, Any]
    default_range: int
    default_show_breaks: bool
