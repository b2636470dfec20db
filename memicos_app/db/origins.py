"""What origins said when they were last asked, so that pages show it without asking again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from memicos_app.db import columns


class OriginModel(SQLModel, table=True):
    """A model that an origin holds."""

    __tablename__ = "origin_models"

    origin: str = columns.key()
    """As DATASET_ORIGINS names it."""
    model_id: str = columns.key()
    listed_at: datetime = columns.moment()
    sources_listed_at: datetime | None = columns.maybe_moment()
    """Null: nobody asked yet which sources there are."""


class OriginSource(SQLModel, table=True):
    """A source that an origin holds, with every file that an import would read."""

    __tablename__ = "origin_sources"

    origin: str = columns.key()
    model_id: str = columns.key()
    source_id: str = columns.key()
    n_objects: int = columns.count()
    n_bytes: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": "0"})
    newest: datetime | None = columns.maybe_moment()
    """When the file that changed last did."""
    digest: str = columns.words()
    """Equal to that of another manifest exactly when nothing differs."""
    objects: list[Any] = columns.json_list()
    """Files as `library/datasets/manifest.py` writes them down."""
    listed_at: datetime = columns.moment()
