"""What answers look like, for the description: activations, searches, directions, steering and vectors.

Nothing is checked against these when a request is answered; tests hold the answers against them.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

EVENTS: dict[str, Any] = {"text/event-stream": {"schema": {"type": "string"}}}
STREAMED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The whole answer; with `stream` server-sent events, the last one named `done` or `error`.",
        "content": EVENTS,
    }
}


def files(*kinds: str) -> dict[int | str, dict[str, Any]]:
    """The description of an answer that is a file of one of some media types."""
    binary = {"schema": {"type": "string", "format": "binary"}}
    return {200: {"description": "The file.", "content": dict.fromkeys(kinds, binary)}}


class Shape(BaseModel):
    """Base of all: camelCase names, nothing beside what is named."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="forbid",
        protected_namespaces=(),
        use_attribute_docstrings=True,
    )


class Attributed(Shape):
    """Features of attention heads' outputs also tell which tokens their activation came from."""

    dfa_values: list[float] | None = None
    dfa_target_index: int | None = None
    dfa_max_value: float | None = None


class ActivationAnswer(Attributed):
    """One value a token."""

    tokens: list[str]
    values: list[float]
    max_value: float
    min_value: float
    max_value_token_index: int
    model_id: str
    layer: str
    source: str
    index: str
    creator_id: None
    data_index: None
    data_source: str
    created_at: str
    token_ids: list[int]
    tokens_is_special: list[bool]
    """True where a position does not count; its value is 0."""
    prepend_bos: bool
    hook_name: str
    dtype: str


class ActiveOnText(Shape):
    tokens: list[str]
    active_features: dict[str, list[tuple[int, float]]]
    """Index of a feature to the positions where it is active, with its values."""


class ActiveOnTextsAnswer(Shape):
    results: list[ActiveOnText]


class FoundAnswer(Attributed):
    model_id: str
    layer: str
    source: str
    index: str
    values: list[float]
    max_value: float
    max_value_index: int
    sum_values: float
    """Over `sortIndexes`; 0 where none were given."""
    neuron: dict[str, Any] | None = None
    """The feature as `GET /feature/…` answers it, with one activation; only for a single text."""


class SearchAnswer(Shape):
    tokens: list[str]
    tokens_is_special: list[bool]
    prepend_bos: bool
    sources: list[str]
    result: list[FoundAnswer]
    sort_indexes: list[int]


class SearchEachAnswer(Shape):
    """One for each text of a list."""

    results: list[SearchAnswer]


class ExplainedAnswer(Shape):
    description: str
    type_name: str | None


class ListedAnswer(Shape):
    model_id: str
    layer: str
    index: str
    max_act_approx: float | None
    frac_nonzero: float | None = Field(alias="frac_nonzero")
    explanations: list[ExplainedAnswer]


class TopFeatureAnswer(Shape):
    activation_value: float
    feature_index: int
    feature: ListedAnswer | None
    """None where the feature has no dashboard."""


class TokenAnswer(Shape):
    position: int
    token: str
    is_special: bool
    top_features: list[TopFeatureAnswer]


class TokensAnswer(Shape):
    source: str
    tokens: list[str]
    results: list[TokenAnswer]


class TokensEachAnswer(Shape):
    """One for each text of a list."""

    results: list[TokensAnswer]


class OnTextAnswer(Shape):
    value: float
    """The request's `measure`."""
    active: list[tuple[int, float]]
    """Positions where the feature is active, with its activations."""


class ContrastFeatureAnswer(Shape):
    model_id: str
    layer: str
    source: str
    index: str
    separation: float
    """Difference of the sides' means, by the spread within them and the source's typical value."""
    first_mean: float
    second_mean: float
    spread: float
    on_first: list[OnTextAnswer]
    on_second: list[OnTextAnswer]
    explanation: str | None
    max_act_approx: float | None
    """None, as the next, where the feature has no dashboard."""
    frac_nonzero: float | None = Field(alias="frac_nonzero")


class ContrastTextAnswer(Shape):
    tokens: list[str]
    tokens_is_special: list[bool]
    prepend_bos: bool


class ContrastAnswer(Shape):
    """Features of each side, those that tell it most from the other first."""

    model_id: str
    measure: str
    sources: list[str]
    typical: dict[str, float]
    """By source, the unit of its separations."""
    first: list[ContrastFeatureAnswer]
    second: list[ContrastFeatureAnswer]
    first_texts: list[ContrastTextAnswer]
    second_texts: list[ContrastTextAnswer]


class AddressAnswer(Shape):
    model_id: str
    source: str
    index: str


class AlikeAnswer(Shape):
    feature: AddressAnswer
    cosine_similarity: float
    explanation: str | None


class CossimAnswer(Shape):
    model_id: str
    source: str
    topk_cossim_indices: list[int]
    topk_cossim_values: list[float]
    topk_decoder_cossim_features: list[AlikeAnswer]


class SkippedSource(Shape):
    source: str
    reason: str


class SimilarFeaturesAnswer(Shape):
    results: list[AlikeAnswer]
    skipped: list[SkippedSource]


class SimilarityMatrixAnswer(Shape):
    tokens: list[str]
    similarity_matrix: list[list[float]]


class TokenizeAnswer(Shape):
    tokens: list[int]
    token_strings: list[str]
    prepend_bos: bool


class VectorAnswer(Shape):
    model_id: str
    layer: str
    source: str
    index: str
    vector_label: str
    created_at: str | None
    creator_id: str | None
    vector_default_steer_strength: float
    hook_name: str
    vector: list[float]


class OneVectorAnswer(Shape):
    vector: VectorAnswer


class VectorsAnswer(Shape):
    vectors: list[VectorAnswer]
    next_cursor: str | None
    """Null: these are the last."""


class KeptVector(Shape):
    model_id: str
    source: str
    index: str
    label: str
    created_at: str | None
    default_steer_strength: float
    hook_name: str
    values: list[float]


class NewVectorAnswer(Shape):
    message: str
    url: str
    vector: KeptVector


class MessageAnswer(Shape):
    message: str


class VisibilityAnswer(Shape):
    thing: str
    """Its address, with slashes."""
    visibility: str
    """As set; what holds it may be stricter."""
