"""Language models of providers: people's keys, runs over many features, and every call with what it cost.

How keys are sealed is `library/providers/sealing.py`'s; here they are text that nobody can read without its key.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Double, Index, Text, text
from sqlmodel import Field, SQLModel

from memicos_app.db import columns


class ProviderKey(SQLModel, table=True):
    """A person's own key of a provider."""

    __tablename__ = "provider_keys"
    __table_args__ = (columns.refers("provider_keys.user_id", "users.id"),)

    user_id: str = columns.key()
    provider: str = columns.key()
    sealed: str = Field(sa_type=Text)
    last_four: str = columns.words()
    created_at: datetime = columns.moment()


class ProviderRun(SQLModel, table=True):
    """Many calls that were asked for together, such as those that explain a source; it may be gone on with."""

    __tablename__ = "provider_runs"
    __table_args__ = (
        columns.refers("provider_runs.user_id", "users.id", ondelete="SET NULL"),
        CheckConstraint("state IN ('open', 'done', 'budget', 'stopped')", name="provider_runs_state_check"),
        Index("provider_runs_open_key", "kind", "wanted", unique=True, postgresql_where=text("state = 'open'")),
        Index("provider_runs_subject_idx", "kind", "subject", "id"),
    )

    id: int | None = columns.numbered(BigInteger)
    kind: str = columns.words()
    subject: str = columns.words()
    """What it works on, such as model/source."""
    wanted: str = columns.words()
    """Hash of all that was asked for: the same is gone on with."""
    arguments: dict[str, Any] = columns.json_object()
    state: str = columns.words("open")
    budget_usd: float | None = Field(default=None, sa_type=Double, nullable=True)
    total: int = columns.count()
    """How many features it is about."""
    done: int = columns.count()
    failed: int = columns.count()
    user_id: str | None = columns.maybe_words()
    created_at: datetime = columns.moment()
    ended_at: datetime | None = columns.maybe_moment()


class ProviderCall(SQLModel, table=True):
    """One question to a model.

    Written before it is asked, so that a killed process leaves `asked` behind; `answered` until what came of it is
    stored (`used`) or cannot be used (`failed`). `lost`: its process ended before the answer came.
    """

    __tablename__ = "provider_calls"
    __table_args__ = (
        columns.refers("provider_calls.run_id", "provider_runs.id"),
        columns.refers("provider_calls.user_id", "users.id", ondelete="SET NULL"),
        CheckConstraint(
            "state IN ('asked', 'answered', 'used', 'failed', 'lost')", name="provider_calls_state_check"
        ),
        Index("provider_calls_run_idx", "run_id", "state"),
        Index("provider_calls_created_at_idx", "created_at"),
    )

    id: int | None = columns.numbered(BigInteger)
    run_id: int | None = Field(default=None, sa_type=BigInteger, nullable=True)
    user_id: str | None = columns.maybe_words()
    purpose: str = columns.words()
    subject: str = columns.words()
    """What is asked about, such as model/source/index."""
    provider: str = columns.words()
    model: str = columns.words()
    state: str = columns.words("asked")
    error_kind: str = columns.words()
    error: str = columns.words()
    answer: str = columns.words()
    """What the model said, kept until it is used and where it could not be."""
    tokens_in: int | None = None
    tokens_out: int | None = None
    cost_usd: float | None = Field(default=None, sa_type=Double, nullable=True)
    """Null where the price is unknown."""
    seconds: float | None = columns.maybe_number()
    attempts: int = columns.count()
    """How often it was sent: each but the last failed in a way that may pass."""
    created_at: datetime = columns.moment()
    ended_at: datetime | None = columns.maybe_moment()
