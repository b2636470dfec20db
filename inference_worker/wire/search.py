"""Which features are active on a text: over sources, in one source, and token by token."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from inference_worker.wire.activations import Prompts
from inference_worker.wire.base import Wire

MAX_RESULTS = 1000
"""Features that one answer lists at most."""

NumResults = Annotated[int, Field(ge=0, le=MAX_RESULTS)]


class SourceOptions(Wire):
    """Which sources are looked through, and how many of their features are listed."""

    model: str
    source_set: str
    selected_sources: list[str] = []
    """Sources of the set; empty: all that are served."""
    num_results: NumResults = 25
    exclude: dict[str, list[int]] = {}
    """Features by source that are left out before the ranking is cut, for example dense ones."""
    prepend_bos: bool | None = None


class SearchOptions(SourceOptions):
    """What a search over sources ranks."""

    sort_by_token_indexes: list[int] = []
    """Rank by the sum over these positions, BOS counted; empty: by the largest value on any."""
    ignore_bos: bool = True
    """Accepted for published clients, and the same either way: BOS never counts."""


class ActivationAllRequest(SearchOptions):
    prompt: str


class ActivationAllBatchRequest(SearchOptions):
    prompts: Prompts


class FoundFeature(Wire):
    """A feature that is active on the text; `values` has one entry a token."""

    source: str
    index: int
    values: list[float]
    sum_values: float
    """Over `sort_by_token_indexes`; 0 where none were given."""
    max_value: float
    max_value_index: int
    dfa_values: list[float] | None = None
    dfa_target_index: int | None = None
    dfa_max_value: float | None = None


class ActivationAllResponse(Wire):
    """The strongest features first; those that are active nowhere are not listed."""

    activations: list[FoundFeature]
    tokens: list[str]
    token_ids: list[int]
    tokens_is_special: list[bool]
    """True where a position counts in none of the searched sources."""
    prepend_bos: bool
    sources: list[str]
    """The sources that were searched."""
    dtype: str


class ActivationAllBatchResponse(Wire):
    results: list[ActivationAllResponse]


class ActivationSourceRequest(Wire):
    model: str
    source: str
    prompts: Prompts
    prepend_bos: bool | None = None


class ActiveFeatures(Wire):
    """Every feature of a source that is active on one text."""

    tokens: list[str]
    active_features: dict[str, list[tuple[int, float]]]
    """Index of the feature to the positions where it is active, with its values."""
    tokens_is_special: list[bool]
    prepend_bos: bool


class ActivationSourceResponse(Wire):
    results: list[ActiveFeatures]


class TopkOptions(Wire):
    """What a search in one source lists at each token."""

    model: str
    source: str
    top_k: Annotated[int, Field(ge=1, le=MAX_RESULTS)] | None = None
    """Features a token; 5 where it is left open."""
    ignore_bos: bool = True
    """Leave a BOS that was put before the text out of the results; it never counts."""
    exclude: list[int] = []
    """Features that are left out before the ranking is cut, for example dense ones."""
    prepend_bos: bool | None = None


class ActivationTopkByTokenRequest(TopkOptions):
    prompt: str


class ActivationTopkByTokenBatchRequest(TopkOptions):
    prompts: Prompts


class TopFeature(Wire):
    feature_index: int
    activation_value: float


class TokenTopFeatures(Wire):
    """The strongest features at one token; fewer where fewer are active."""

    token_position: int
    """Place among the text's tokens, BOS counted."""
    token: str
    is_special: bool
    """True where the position does not count."""
    top_features: list[TopFeature]


class ActivationTopkByTokenResponse(Wire):
    results: list[TokenTopFeatures]
    tokens: list[str]
    prepend_bos: bool


class ActivationTopkByTokenBatchResponse(Wire):
    results: list[ActivationTopkByTokenResponse]
