"""What answers about explanations look like, for the description; see `shapes.py`."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from memicos_app.api.shapes import Shape


class FeatureExplanation(Shape):
    """As it stands with its feature."""

    id: str
    model_id: str
    layer: str
    source: str
    index: str
    description: str
    type_name: str | None
    explanation_model_name: str | None
    author_name: str | None
    notes: str | None
    created_at: str
    scores: list[dict[str, Any]]
    triggered_by_user: None


class OneExplanation(FeatureExplanation):
    votes: int
    """What people's votes for and against come to."""
    made_here: bool
    """It came with no dataset and may be deleted."""


class ExplanationAnswer(Shape):
    explanation: OneExplanation


class VotesAnswer(Shape):
    votes: int
    """What all votes come to."""


class OneScore(Shape):
    id: str
    explanation_id: str
    explanation_score_type_name: str
    explanation_score_model_name: str
    value: float | None
    """Null where too many texts have no judgement; `problem` says so."""
    low: float | None
    high: float | None
    n: int
    """Texts that were judged."""
    n_failed: int
    problem: str | None
    seed: int
    prompt: str | None
    tokens_in: int | None
    tokens_out: int | None
    cost_usd: float | None
    json_details: str
    """The texts that were judged, as JSON."""
    initiated_by_user_id: None
    created_at: str


class ScoreAnswer(Shape):
    score: OneScore


class ExplanationFound(Shape):
    model_id: str
    layer: str
    index: str
    description: str
    """Of the explanation that fits best; a feature comes once."""
    explanation_model_name: str | None
    type_name: str | None
    cosine_similarity: float | None = Field(alias="cosine_similarity")
    """None where the explanation has no vector and was found by its words."""
    neuron: dict[str, Any] | None
    """The feature as `GET /feature/…` answers it, with three activations."""


class ExplanationsFoundAnswer(Shape):
    request: dict[str, Any]
    results: list[ExplanationFound]
    results_count: int
    has_more: bool
    next_offset: int
    """Where the results that follow begin."""
    next_cursor: str | None
    """Leads to them; null at the end, and where `offset` was given."""
