"""Maps: features laid out on a plane, one block of coordinates a source of a map.

A map belongs to the generations it was made of and leaves with them. What a block holds is `library/maps/blocks.py`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, Integer, LargeBinary, SmallInteger
from sqlmodel import Field, SQLModel

from memicos_app.db import columns


class FeatureMap(SQLModel, table=True):
    """One layout of the features of a source, or of several sources together."""

    __tablename__ = "feature_maps"
    __table_args__ = (
        columns.refers("feature_maps.model_id", "models.id"),
        CheckConstraint("kind IN ('explanations', 'decoder', 'imported')", name="feature_maps_kind_check"),
        Index("feature_maps_key", "model_id", "kind", "source_ids", unique=True),
    )

    id: int | None = columns.numbered()
    model_id: str = columns.words()
    kind: str = columns.words()
    """What decides who is near whom: `explanations`, `decoder` directions, or `imported` coordinates."""
    source_ids: list[str] = columns.texts()
    """By layer."""
    n_points: int = columns.count()
    clusters: list[dict[str, Any]] = columns.json_list()
    """Number, name, size and middle of each."""
    made: dict[str, Any] = columns.json_object()
    """With what it was made: embedder, seed, settings, versions, seconds."""
    created_at: datetime = columns.moment()


class FeatureMapLayer(SQLModel, table=True):
    """The points of one source of a map."""

    __tablename__ = "feature_map_layers"
    __table_args__ = (
        columns.refers("feature_map_layers.map_id", "feature_maps.id"),
        columns.refers("feature_map_layers.generation_id", "source_generations.id"),
        Index("feature_map_layers_generation_idx", "generation_id"),
    )

    map_id: int = Field(primary_key=True, sa_type=Integer, sa_column_kwargs={"autoincrement": False})
    place: int = Field(primary_key=True, sa_type=SmallInteger, sa_column_kwargs={"autoincrement": False})
    """Which of the map's sources it is, from 0."""
    generation_id: int
    n: int = columns.count()
    block: bytes = Field(sa_type=LargeBinary)
