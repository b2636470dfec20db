"""Files whose features were uploaded: by their hash, so that the same file is not read twice.

A row belongs to the generation that holds the features, leaves with it, and moves on with them when a re-sync
carries them over.
"""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from memicos_app.db import columns


class UploadedFile(SQLModel, table=True):
    """One file of dashboards that went into one source."""

    __tablename__ = "uploaded_files"
    __table_args__ = (columns.refers("uploaded_files.generation_id", "source_generations.id"),)

    sha256: str = columns.key()
    generation_id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    name: str = columns.words()
    n_features: int = columns.count()
    """Features that the file brought or that were there already."""
    dead: list[int] = columns.integers()
    """Indices of features in it that never fire, which were left out."""
    created_at: datetime = columns.moment()
