"""Features and their stored examples: one row and one compressed block a feature.

How blocks are written is `library/blocks.py`; here they are bytes that Postgres must not compress again.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Index, Integer, LargeBinary, SmallInteger, text
from sqlmodel import Field, SQLModel

from memicos_app.db import columns


def _generation() -> Any:
    return Field(primary_key=True, sa_type=Integer, sa_column_kwargs={"autoincrement": False})


def _position() -> Any:
    return Field(primary_key=True, sa_type=Integer, sa_column_kwargs={"autoincrement": False})


class Feature(SQLModel, table=True):
    """One feature of one generation of a source: its numbers, logits and histograms."""

    __tablename__ = "features"
    __table_args__ = (
        columns.refers("features.generation_id", "source_generations.id"),
        Index("features_density_idx", "generation_id", "density", "index"),
        Index("features_max_activation_idx", "generation_id", "max_activation", "index"),
    )

    generation_id: int = _generation()
    index: int = _position()
    density: float = columns.number()
    max_activation: float = columns.number()
    negative_tokens: list[str] = columns.texts()
    negative_values: list[float] = columns.reals()
    positive_tokens: list[str] = columns.texts()
    positive_values: list[float] = columns.reals()
    histograms: bytes = Field(
        default=b"", sa_type=LargeBinary, sa_column_kwargs={"server_default": text("''::bytea")}
    )
    """Activation and logit histogram, see `library/histograms.py`."""
    similar_indices: list[int] = columns.integers()
    similar_cosines: list[float] = columns.reals()
    correlated_indices: list[int] = columns.integers()
    correlated_pearson: list[float] = columns.reals()
    correlated_l1: list[float] = columns.reals()
    has_vector: bool = columns.flag(False)
    extra: dict[str, Any] = columns.json_object()
    """Further columns of the public layout under their public names."""
    uploaded: bool = columns.flag(False)
    """Came by itself and not with an import; a re-sync keeps it where the dataset has no such feature."""
    replaces: int | None = None
    """How many examples the imported feature had whose place it took; null where there was none."""


class FeatureLabel(SQLModel, table=True):
    """The explanation that stands for a feature in lists: the first in reading order, kept here to sort by."""

    __tablename__ = "feature_labels"
    __table_args__ = (
        columns.refers("feature_labels.generation_id", "source_generations.id"),
        Index("feature_labels_sort_key_idx", "generation_id", "sort_key", "index"),
    )

    generation_id: int = _generation()
    index: int = _position()
    description: str = columns.words()
    type_name: str = columns.words()
    sort_key: str = columns.words()
    """Beginning of the description in lower case: short enough for an index."""


class FeatureExamples(SQLModel, table=True):
    """All stored examples of a feature in one block, strongest first."""

    __tablename__ = "feature_examples"
    __table_args__ = (columns.refers("feature_examples.generation_id", "source_generations.id"),)

    generation_id: int = _generation()
    index: int = _position()
    format: int = Field(sa_type=SmallInteger)
    """1: tokens inside the block. 2: tokens in the generation's shared sequences."""
    n: int = Field(sa_type=SmallInteger)
    block: bytes = Field(sa_type=LargeBinary)


class SequenceChunk(SQLModel, table=True):
    """Token windows that features of a generation share, several a row; chunk -1 holds the vocabulary."""

    __tablename__ = "sequence_chunks"
    __table_args__ = (columns.refers("sequence_chunks.generation_id", "source_generations.id"),)

    generation_id: int = _generation()
    chunk: int = _position()
    block: bytes = Field(sa_type=LargeBinary)
