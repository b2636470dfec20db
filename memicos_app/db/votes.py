"""What people think of explanations: one vote a person and explanation, for or against."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, SmallInteger
from sqlmodel import Field, SQLModel

from memicos_app.db import columns


class ExplanationVote(SQLModel, table=True):
    """A vote; it names the explanation by its public id, so that it outlives a re-import of the dataset."""

    __tablename__ = "explanation_votes"
    __table_args__ = (
        columns.refers("explanation_votes.voter_id", "users.id"),
        CheckConstraint("points IN (-1, 1)", name="explanation_votes_points_check"),
        Index("explanation_votes_voter_idx", "voter_id"),
    )

    explanation_id: str = columns.key()
    voter_id: str = columns.key()
    points: int = Field(sa_type=SmallInteger)
    created_at: datetime = columns.moment()
