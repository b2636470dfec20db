"""Saved steering runs: both texts and everything that is needed to make them again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, Integer, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from memicos_app.db import columns


class SteerOutput(SQLModel, table=True):
    """One run: what was asked, what the model said unsteered and steered."""

    __tablename__ = "steer_outputs"
    __table_args__ = (
        columns.refers("steer_outputs.creator_id", "users.id", ondelete="SET NULL"),
        columns.visible("steer_outputs"),
        Index("steer_outputs_created_at_idx", "created_at"),
        Index("steer_outputs_request_hash_idx", "request_hash"),
    )

    id: str = columns.key()
    model_id: str = columns.words()
    """Not a foreign key: a run outlives the dataset it was made beside."""
    prompt: str = columns.words()
    chat: list[dict[str, Any]] | None = Field(default=None, sa_type=JSONB(none_as_null=True), nullable=True)
    """Messages, where the prompt was a conversation."""
    prepend_bos: bool = columns.flag(True)
    temperature: float
    n_tokens: int
    freq_penalty: float
    seed: int = Field(sa_type=BigInteger)
    strength_multiplier: float
    steer_method: str = columns.words("SIMPLE_ADDITIVE")
    normalize_steering: bool = columns.flag(False)
    n_logprobs: int = columns.count()
    default_text: str | None = columns.maybe_words()
    steered_text: str | None = columns.maybe_words()
    default_logprobs: list[Any] | None = Field(default=None, sa_type=JSONB(none_as_null=True), nullable=True)
    steered_logprobs: list[Any] | None = Field(default=None, sa_type=JSONB(none_as_null=True), nullable=True)
    made_with: dict[str, Any] = columns.json_object()
    """Versions, dtype and device: the same request elsewhere may differ in the last digit."""
    request_hash: str = columns.words()
    """Of everything asked for: equal requests share it."""
    visibility: str = columns.visibility()
    creator_id: str | None = columns.maybe_words()
    created_at: datetime = columns.moment()


class SteerOutputFeature(SQLModel, table=True):
    """A feature that a run steered, in the order given."""

    __tablename__ = "steer_output_features"
    __table_args__ = (
        columns.refers("steer_output_features.steer_output_id", "steer_outputs.id"),
        Index("steer_output_features_feature_idx", "model_id", "source_id", "index"),
    )

    steer_output_id: str = Field(primary_key=True, sa_type=Text)
    position: int = Field(primary_key=True, sa_type=Integer, sa_column_kwargs={"autoincrement": False})
    model_id: str = columns.words()
    source_id: str = columns.words()
    index: int
    strength: float
