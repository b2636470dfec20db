"""What there is to look at: models, releases, source sets, sources, and the generations of a source's data.

A generation is one complete import of a source. Rows of features, examples and imported explanations carry
its number; `sources.current_generation` says which one readers see, so a re-import shows itself in one UPDATE.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index
from sqlmodel import SQLModel

from memicos_app.db import columns


class Model(SQLModel, table=True):
    """A language model; `id` is the public one, in lower case."""

    __tablename__ = "models"
    __table_args__ = (columns.refers("models.creator_id", "users.id", ondelete="SET NULL"), columns.visible("models"))

    id: str = columns.key()
    display_name: str = columns.words()
    owner: str = columns.words()
    layers: int = columns.count()
    neurons_per_layer: int = columns.count()
    dimension: int | None = None
    instruct: bool = columns.flag(False)
    thinking: bool = columns.flag(False)
    inference_enabled: bool = columns.flag(False)
    tlens_id: str | None = columns.maybe_words()
    website: str = columns.words()
    default_source_set: str | None = columns.maybe_words()
    """May name what is not imported (yet): readers check."""
    default_source: str | None = columns.maybe_words()
    visibility: str = columns.visibility()
    creator_id: str | None = columns.maybe_words()
    extra: dict[str, Any] = columns.json_object()
    created_at: datetime = columns.moment()
    updated_at: datetime = columns.moment()


class Release(SQLModel, table=True):
    """A paper or project that groups source sets, also of several models."""

    __tablename__ = "releases"
    __table_args__ = (
        columns.refers("releases.creator_id", "users.id", ondelete="SET NULL"),
        columns.visible("releases"),
    )

    name: str = columns.key()
    description: str = columns.words()
    description_short: str | None = columns.maybe_words()
    urls: list[str] = columns.texts()
    creator_name: str = columns.words()
    creator_email: str | None = columns.maybe_words()
    creator_id: str | None = columns.maybe_words()
    featured: bool = columns.flag(False)
    default_source_set: str | None = columns.maybe_words()
    default_source: str | None = columns.maybe_words()
    visibility: str = columns.visibility()
    extra: dict[str, Any] = columns.json_object()
    created_at: datetime = columns.moment()


class SourceSet(SQLModel, table=True):
    """The same kind of source at several layers of one model, and how its dashboards are shown."""

    __tablename__ = "source_sets"
    __table_args__ = (
        columns.refers("source_sets.model_id", "models.id"),
        columns.refers("source_sets.release_name", "releases.name", ondelete="SET NULL"),
        columns.refers("source_sets.creator_id", "users.id", ondelete="SET NULL"),
        columns.visible("source_sets"),
        CheckConstraint("default_range BETWEEN 0 AND 2", name="source_sets_default_range_check"),
        Index("source_sets_release_name_idx", "release_name"),
    )

    model_id: str = columns.key()
    name: str = columns.key()
    description: str = columns.words()
    type: str = columns.words()
    urls: list[str] = columns.texts()
    creator_name: str = columns.words()
    creator_email: str | None = columns.maybe_words()
    creator_id: str | None = columns.maybe_words()
    release_name: str | None = columns.maybe_words()
    has_dashboards: bool = columns.flag(True)
    allow_inference_search: bool = columns.flag(True)
    default_range: int = columns.count(1)
    """0 stacked, 1 snippet, 2 full."""
    default_show_breaks: bool = columns.flag(True)
    show_dfa: bool = columns.flag(False)
    show_correlated: bool = columns.flag(False)
    show_head_attribution: bool = columns.flag(False)
    show_umap: bool = columns.flag(False)
    visibility: str = columns.visibility()
    shown: str = columns.visibility()
    """The strictest of its own visibility and its model's; the database keeps it."""
    extra: dict[str, Any] = columns.json_object()
    created_at: datetime = columns.moment()


class Source(SQLModel, table=True):
    """One SAE, transcoder or vector set at one hook point. Counts are of the current generation."""

    __tablename__ = "sources"
    __table_args__ = (
        columns.refers("sources.model_id,set_name", "source_sets.model_id,name"),
        columns.refers("sources.creator_id", "users.id", ondelete="SET NULL"),
        columns.refers("sources.current_generation", "source_generations.id", ondelete="SET NULL", use_alter=True),
        columns.visible("sources"),
        Index("sources_set_idx", "model_id", "set_name"),
        Index("sources_current_generation_idx", "current_generation"),
    )

    model_id: str = columns.key()
    id: str = columns.key()
    set_name: str = columns.words()
    layer: int = columns.count()
    hook_name: str = columns.words()
    description: str = columns.words()
    n_features: int = columns.count()
    """Features the source has, dead ones included; 0 where unknown."""
    n_explained: int = columns.count()
    n_explanations: int = columns.count()
    has_dashboards: bool = columns.flag(True)
    inference_enabled: bool = columns.flag(False)
    saelens_config: dict[str, Any] = columns.json_object()
    saelens_release: str | None = columns.maybe_words()
    saelens_sae_id: str | None = columns.maybe_words()
    hf_repo_id: str | None = columns.maybe_words()
    hf_folder_id: str | None = columns.maybe_words()
    num_prompts: int | None = None
    num_tokens_in_prompt: int | None = None
    dataset: str | None = columns.maybe_words()
    notes: str | None = columns.maybe_words()
    evaluation: dict[str, Any] = columns.json_object()
    made_from: dict[str, Any] = columns.json_object()
    cos_sim_match_model_id: str | None = columns.maybe_words()
    cos_sim_match_source_id: str | None = columns.maybe_words()
    current_generation: int | None = None
    visibility: str = columns.visibility()
    shown: str = columns.visibility()
    """The strictest of its own visibility, its set's and its model's; the database keeps it."""
    creator_id: str | None = columns.maybe_words()
    extra: dict[str, Any] = columns.json_object()
    created_at: datetime = columns.moment()
    updated_at: datetime = columns.moment()


class SourceGeneration(SQLModel, table=True):
    """One import of a source: `importing` until complete, `ready` when readers may see it, then `retired`."""

    __tablename__ = "source_generations"
    __table_args__ = (
        columns.refers("source_generations.model_id,source_id", "sources.model_id,id"),
        CheckConstraint("state IN ('importing', 'ready', 'retired')", name="source_generations_state_check"),
        Index("source_generations_source_idx", "model_id", "source_id"),
    )

    id: int | None = columns.numbered()
    model_id: str = columns.words()
    source_id: str = columns.words()
    state: str = columns.words("importing")
    origin: str = columns.words()
    n_features: int = columns.count()
    """Features with a dashboard."""
    n_examples: int = columns.count()
    n_sequences: int = columns.count()
    overview: dict[str, Any] = columns.json_object()
    """Histograms over all features, computed once."""
    parts: list[str] = columns.texts()
    """What was asked for: `features`, `activations`, `explanations`; empty where an earlier version imported it."""
    verdict: str = columns.words()
    """`complete` or `incomplete` once finished."""
    missing: list[str] = columns.texts()
    """What an incomplete one lacks, a sentence each."""
    counts: dict[str, Any] = columns.json_object()
    """Features with and without examples and explanations, files, lines set aside."""
    created_at: datetime = columns.moment()
    finished_at: datetime | None = columns.maybe_moment()
