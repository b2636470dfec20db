"""What answers about models, source sets, sources and the site's state look like, for the description."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from memicos_app.api.shapes import Shape


class ModelAnswer(Shape):
    id: str
    display_name: str
    display_name_short: str
    owner: str
    website: str | None
    layers: int
    """0 where nobody said."""
    dimension: int | None
    """Width of the residual stream."""
    instruct: bool
    inference_enabled: bool
    default_source_id: str | None
    visibility: str
    """In capitals: PUBLIC, UNLISTED or PRIVATE."""


class SourceAnswer(Shape):
    id: str
    model_id: str
    set_name: str
    layer: int
    hook_name: str | None
    has_dashboards: bool
    n_features: int
    """Features of the SAE, dead ones included."""
    n_dashboards: int
    n_explained: int
    visibility: str


class SourceSetAnswer(Shape):
    model_id: str
    name: str
    description: str
    type: str
    urls: list[str]
    creator_name: str
    release_name: str | None
    default_range: int
    default_show_breaks: bool
    visibility: str
    sources: list[SourceAnswer]


class HistogramAnswer(Shape):
    values: list[float]
    """Centres of the bars."""
    heights: list[float]


class SourceDetailAnswer(SourceAnswer):
    saelens_config: dict[str, Any]
    made_from: dict[str, Any]
    """How the numbers were made: dataset, n_prompts, n_tokens_in_prompt, dtype, generator, date."""
    evaluation: dict[str, Any]
    """Measures of the SAE, where they are known."""
    density: HistogramAnswer
    """Over log10 of `frac_nonzero` of live features."""
    max_activation: HistogramAnswer
    skipped: int
    """Features without a dashboard."""


class ModelWithSets(ModelAnswer):
    source_sets: list[SourceSetAnswer]


class ReleaseAnswer(Shape):
    name: str
    description: str
    creator_name: str
    urls: list[str]
    source_sets: list[SourceSetAnswer]


class NameAnswer(Shape):
    name: str


class TypeAnswer(NameAnswer):
    display_name: str


class EverythingAnswer(Shape):
    models: dict[str, ModelWithSets]
    """By id."""
    releases: list[ReleaseAnswer]
    explanation_types: list[TypeAnswer]
    explanation_models: list[NameAnswer]
    explanation_score_types: list[NameAnswer]
    explanation_score_model_types: list[NameAnswer]


class HealthAnswer(Shape):
    status: str


class ReadyAnswer(Shape):
    ready: bool
    schema_revision: str = Field(alias="schema")
    """Revision of the database."""


class StatusAnswer(Shape):
    database: dict[str, Any]
    """`ready`, and figures of the server as text."""
    worker: dict[str, Any]
    """`ready`, `state`, `detail`, `sources`, `queueLength`."""
