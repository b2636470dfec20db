"""What features mean, in words: explanations, their types and writers, and their embeddings.

Embedders of different dimensions live in one table; each has an HNSW index of its own over its rows.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import BigInteger, Index, SmallInteger, literal_column, text
from sqlmodel import Field, SQLModel

from memicos_app.db import columns

HNSW = {"m": 16, "ef_construction": 100}
WORDS = r"to_tsvector('simple', regexp_replace({}, '\W+', ' ', 'g'))"
"""Words of a text column. In databases whose locale is C, Postgres itself takes quotation marks for letters."""
EMBEDDERS = {1: ("all-minilm-l6-v2", 384), 2: ("text-embedding-3-large", 256)}
"""Id, name and dimensions of the embedders that the first migration knows."""


def embedding_index(embedder_id: int, dimensions: int) -> Index:
    """The index that serves one embedder; a query must use the same cast and the same `embedder_id`."""
    return Index(
        f"explanation_embeddings_{embedder_id}_idx",
        literal_column(f"(embedding::halfvec({dimensions}))").label("vector"),
        postgresql_using="hnsw",
        postgresql_ops={"vector": "halfvec_cosine_ops"},
        postgresql_with=HNSW,
        postgresql_where=text(f"embedder_id = {embedder_id}"),
    )


class ExplanationType(SQLModel, table=True):
    """A way of making explanations; `rank` orders types in reading order, lowest first."""

    __tablename__ = "explanation_types"

    name: str = columns.key()
    display_name: str = columns.words()
    description: str = columns.words()
    rank: int = Field(default=1, sa_type=SmallInteger, sa_column_kwargs={"server_default": text("1")})
    featured: bool = columns.flag(True)
    is_attention: bool = columns.flag(False)
    url: str | None = columns.maybe_words()
    creator_name: str = columns.words()
    settings: str | None = columns.maybe_words()
    created_at: datetime = columns.moment()


class ExplanationModel(SQLModel, table=True):
    """A language model that writes explanations."""

    __tablename__ = "explanation_models"

    name: str = columns.key()
    display_name: str = columns.words()
    description: str = columns.words()
    featured: bool = columns.flag(True)
    url: str | None = columns.maybe_words()
    creator_name: str = columns.words()
    created_at: datetime = columns.moment()


class Explanation(SQLModel, table=True):
    """One explanation of one feature.

    `id` is the public one and outlives a re-import; `number` is unique among generations. Those that came with
    a dataset carry its generation and leave with it; those made here carry none and stay.
    """

    __tablename__ = "explanations"
    __table_args__ = (
        columns.refers("explanations.model_id,source_id", "sources.model_id,id"),
        columns.refers("explanations.generation_id", "source_generations.id"),
        columns.refers("explanations.type_name", "explanation_types.name", ondelete="SET NULL"),
        columns.refers("explanations.explainer", "explanation_models.name", ondelete="SET NULL"),
        columns.refers("explanations.author_id", "users.id", ondelete="SET NULL"),
        Index("explanations_id_idx", "id"),
        Index("explanations_feature_idx", "model_id", "source_id", "index"),
        Index("explanations_generation_idx", "generation_id"),
        Index("explanations_type_idx", "type_name", "created_at"),
        Index("explanations_words_idx", text(WORDS.format("description")), postgresql_using="gin"),
    )

    number: int | None = columns.numbered(BigInteger)
    id: str = columns.words()
    model_id: str = columns.words()
    source_id: str = columns.words()
    index: int
    generation_id: int | None = None
    description: str = columns.words()
    type_name: str | None = columns.maybe_words()
    explainer: str | None = columns.maybe_words()
    author_id: str | None = columns.maybe_words()
    author_name: str = columns.words()
    """Who wrote it where that is nobody with an account here."""
    notes: str | None = columns.maybe_words()
    score: float | None = columns.maybe_number()
    """What reading order sorts by; null where nothing scored it."""
    scores: list[dict[str, Any]] = columns.json_list()
    extra: dict[str, Any] = columns.json_object()
    created_at: datetime = columns.moment()


class Embedder(SQLModel, table=True):
    """A model that turns text into vectors."""

    __tablename__ = "embedders"

    id: int = Field(primary_key=True, sa_type=SmallInteger, sa_column_kwargs={"autoincrement": False})
    name: str = columns.words()
    dimensions: int


class ExplanationEmbedding(SQLModel, table=True):
    """One embedder's vector of one explanation, normalised to length 1."""

    __tablename__ = "explanation_embeddings"
    __table_args__ = (
        columns.refers("explanation_embeddings.embedder_id", "embedders.id"),
        columns.refers("explanation_embeddings.explanation_number", "explanations.number"),
        *(embedding_index(number, dimensions) for number, (_, dimensions) in EMBEDDERS.items()),
        Index("explanation_embeddings_explanation_idx", "explanation_number"),
    )

    embedder_id: int = Field(primary_key=True, sa_type=SmallInteger)
    explanation_number: int = Field(primary_key=True, sa_type=BigInteger)
    embedding: Any = Field(sa_type=HALFVEC, nullable=False)
