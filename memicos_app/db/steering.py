"""Steering: runs that were kept with all that is needed to make them again, presets, and vectors of people's own."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Float,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
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
    chat: dict[str, Any] | None = Field(default=None, sa_type=JSONB(none_as_null=True), nullable=True)
    """Where the prompt was a conversation: its messages, unsteered and steered."""
    prepend_bos: bool = columns.flag(True)
    temperature: float
    n_tokens: int
    freq_penalty: float
    seed: int = Field(sa_type=BigInteger)
    strength_multiplier: float
    steer_method: str = columns.words("SIMPLE_ADDITIVE")
    normalize_steering: bool = columns.flag(False)
    options: dict[str, Any] = columns.json_object()
    """Every other option, by its name in `library.steering.SteerRequest`."""
    vectors: list[Any] = columns.json_list()
    """Vectors of people's own that were added, whole: a run outlives them."""
    n_logprobs: int = columns.count()
    default_text: str | None = columns.maybe_words()
    steered_text: str | None = columns.maybe_words()
    default_logprobs: list[Any] | None = Field(default=None, sa_type=JSONB(none_as_null=True), nullable=True)
    steered_logprobs: list[Any] | None = Field(default=None, sa_type=JSONB(none_as_null=True), nullable=True)
    strip: list[Any] = columns.json_list()
    """Texts of the strip that compares strengths."""
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


class SteerPreset(SQLModel, table=True):
    """A prompt, or features with strengths, to begin with; the demo's come with its dataset."""

    __tablename__ = "steer_presets"
    __table_args__ = (
        columns.refers("steer_presets.creator_id", "users.id", ondelete="SET NULL"),
        UniqueConstraint("model_id", "alias", name="steer_presets_alias_key"),
        CheckConstraint("kind IN ('prompt', 'features')", name="steer_presets_kind_check"),
    )

    id: str = columns.key()
    model_id: str = columns.words()
    alias: str = columns.words()
    """Its name in addresses: `?preset=`."""
    name: str = columns.words()
    kind: str = columns.words("features")
    rank: int = columns.count()
    prompt: str = columns.words()
    features: list[Any] = columns.json_list()
    """`{source, index, strength}` each."""
    options: dict[str, Any] = columns.json_object()
    origin: str = columns.words()
    """Where it came from; empty once somebody here wrote or changed it, so that nothing overwrites it."""
    hidden: bool = columns.flag(False)
    """Removed here; kept, so that its dataset does not bring it back."""
    creator_id: str | None = columns.maybe_words()
    created_at: datetime = columns.moment()
    updated_at: datetime = columns.moment()


class SteerVector(SQLModel, table=True):
    """A direction of somebody's own at a hook point, addressed as a feature is."""

    __tablename__ = "steer_vectors"
    __table_args__ = (
        columns.refers("steer_vectors.creator_id", "users.id", ondelete="SET NULL"),
        columns.visible("steer_vectors"),
    )

    model_id: str = columns.key()
    source_id: str = columns.key()
    index: int = Field(primary_key=True, sa_type=Integer, sa_column_kwargs={"autoincrement": False})
    label: str = columns.words()
    hook_name: str = columns.words()
    values: list[float] = columns.reals()
    default_strength: float = Field(default=10.0, sa_type=Float, sa_column_kwargs={"server_default": "10"})
    examples: bytes = Field(default=b"", sa_type=LargeBinary, sa_column_kwargs={"server_default": text("''::bytea")})
    """Texts that somebody says it is active on, as a block of `library/blocks.py`; empty: none."""
    visibility: str = columns.visibility()
    creator_id: str | None = columns.maybe_words()
    created_at: datetime = columns.moment()
