"""How well explanations tell what their features do: every scoring that was made here, kept for good.

Scores that came with a dataset stay in its explanations' `scores`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Double, Index
from sqlmodel import Field, SQLModel

from memicos_app.db import columns


class ExplanationScore(SQLModel, table=True):
    """One scoring of one explanation.

    It names the explanation by its public id and outlives a re-import; it counts for the wording it was made of.
    """

    __tablename__ = "explanation_scores"
    __table_args__ = (
        columns.refers("explanation_scores.model_id,source_id", "sources.model_id,id"),
        columns.refers("explanation_scores.initiated_by", "users.id", ondelete="SET NULL"),
        Index("explanation_scores_explanation_idx", "model_id", "source_id", "explanation_id", "type_name"),
        Index("explanation_scores_type_name_idx", "type_name", "created_at"),
    )

    id: str = columns.key()
    model_id: str = columns.words()
    source_id: str = columns.words()
    index: int
    explanation_id: str = columns.words()
    description: str = columns.words()
    """The wording that was judged."""
    type_name: str = columns.words()
    scorer: str = columns.words()
    """The model that judged."""
    prompt: str = columns.words()
    """Name and version of what it was asked with."""
    value: float | None = columns.maybe_number()
    """Null where too many calls failed for one; `problem` says so."""
    low: float | None = columns.maybe_number()
    high: float | None = columns.maybe_number()
    n: int = columns.count()
    """Texts that were judged."""
    n_failed: int = columns.count()
    """Texts whose call failed."""
    problem: str = columns.words()
    seed: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": "0"})
    settings: dict[str, Any] = columns.json_object()
    """How the texts were drawn."""
    tokens_in: int | None = None
    tokens_out: int | None = None
    cost_usd: float | None = Field(default=None, sa_type=Double, nullable=True)
    """Null where the price is unknown."""
    run_id: int | None = Field(default=None, sa_type=BigInteger, nullable=True)
    """The run over many that it was a part of."""
    initiated_by: str | None = columns.maybe_words()
    examples: list[dict[str, Any]] = columns.json_list()
    created_at: datetime = columns.moment()
