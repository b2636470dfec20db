"""What features mean, in words: explanations, their types and writers, and their embeddings.

Embedders of different dimensions live in one table; each has an HNSW index of its own over its rows.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import REAL, BigInteger, Computed, Index, SmallInteger, literal_column, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlmodel import Field, SQLModel

from memicos_app.db import columns

SCORE = "coalesce(own_score, dataset_score)"
HNSW = {"m": 16, "ef_construction": 100}
_PLAIN = r"regexp_replace(description, '\W+', ' ', 'g')"
"""In databases whose locale is C, Postgres itself takes quotation marks for letters."""
LEXEMES = f"to_tsvector('simple', {_PLAIN}) || to_tsvector('english', {_PLAIN})"
"""Words as they are written, and their English stems: one index finds both."""
SEARCHED = ["number", "generation_id", "type_name", "hidden"]
"""What a search compares by, kept in the index: where a filter leaves few in many places, rows are dear to read."""
EMBEDDERS = {1: ("all-minilm-l6-v2", 384), 2: ("text-embedding-3-large", 256)}
"""Id, name and dimensions of the embedders that the first migration knows."""


def missing_index(embedder_id: int) -> Index:
    """What an embedder has no vector of; empty where nothing is missing, however many explanations there are."""
    return Index(
        f"explanations_unembedded_{embedder_id}_idx",
        "model_id",
        "source_id",
        "number",
        postgresql_where=text(unembedded(embedder_id)),
    )


def unembedded(embedder_id: int) -> str:
    """Whether an explanation has no vector of an embedder; a query must say it in these words to use the index."""
    return f"((embedded & {1 << embedder_id}) = 0)"


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
        Index("explanations_feature_idx", "model_id", "source_id", "index", postgresql_include=SEARCHED),
        Index("explanations_generation_idx", "generation_id"),
        Index("explanations_type_idx", "type_name", "created_at"),
        Index("explanations_words_idx", "lexemes", postgresql_using="gin"),
        *(missing_index(number) for number in EMBEDDERS),
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
    hidden: bool = columns.flag(False)
    """Taken out of sight by an administrator; a report keeps that over a re-import."""
    dataset_score: float | None = columns.maybe_number()
    """What the dataset that it came with says."""
    own_score: float | None = columns.maybe_number()
    """Mean of the newest score of each type that was made here, as `library/explanations.py` keeps it."""
    score: float | None = Field(
        default=None, sa_type=REAL, nullable=True, sa_column_args=[Computed(SCORE, persisted=True)]
    )
    """What reading order sorts by: the own one, else the dataset's; null where nothing scored it."""
    scores: list[dict[str, Any]] = columns.json_list()
    """Scores that it came with; those made here are in `explanation_scores`."""
    extra: dict[str, Any] = columns.json_object()
    created_at: datetime = columns.moment()
    embedded: int = columns.count()
    """Bit i is set where embedder i has a vector; triggers keep it so, and take vectors of a changed text away."""
    lexemes: str | None = Field(default=None, sa_type=TSVECTOR, sa_column_args=[Computed(LEXEMES, persisted=True)])


class ExplanationWord(SQLModel, table=True):
    """A word that explanations hold, counted from time to time: what is rare counts more, and misspelt is near it."""

    __tablename__ = "explanation_words"
    __table_args__ = (Index("explanation_words_trigrams_idx", "trigrams", postgresql_using="gin"),)

    word: str = columns.key()
    n: int = columns.count()
    trigrams: list[str] = columns.texts()


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
