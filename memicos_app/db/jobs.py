"""Long work as people see it: one row a job, and the lines it wrote.

The queue (`db/queue.py`) holds only tickets that say "look at this job"; what a job is and how far it came is here.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Double, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from memicos_app.db import columns

OPEN_STATES = ("waiting", "running", "paused")
ENDED_STATES = ("done", "failed", "cancelled")
_OPEN = "state IN ('waiting', 'running', 'paused')"


def _amount() -> Any:
    return Field(default=0.0, sa_type=Double, sa_column_kwargs={"server_default": text("0")})


class Job(SQLModel, table=True):
    """A piece of long work."""

    __tablename__ = "jobs"
    __table_args__ = (
        columns.refers("jobs.creator_id", "users.id", ondelete="SET NULL"),
        CheckConstraint(
            "state IN ('waiting', 'running', 'paused', 'done', 'failed', 'cancelled')", name="jobs_state_check"
        ),
        CheckConstraint("wish IN ('', 'pause', 'cancel')", name="jobs_wish_check"),
        Index("jobs_open_key", "kind", "subject", unique=True, postgresql_where=text(f"{_OPEN} AND subject <> ''")),
        Index("jobs_open_idx", "id", postgresql_where=text(_OPEN)),
    )

    id: int | None = columns.numbered(BigInteger)
    kind: str = columns.words()
    title: str = columns.words()
    subject: str = columns.words()
    """What it works on: two jobs with the same subject never run at once. Empty: nothing in particular."""
    arguments: dict[str, Any] = columns.json_object()
    state: str = columns.words("waiting")
    wish: str = columns.words()
    """What a person asked of a running job that has not reached a checkpoint yet."""
    step: str = columns.words()
    done: float = _amount()
    total: float = _amount()
    unit: str = columns.words()
    rate: float = _amount()
    """Units a second, smoothed."""
    error: str = columns.words()
    result: dict[str, Any] | None = Field(default=None, sa_type=JSONB(none_as_null=True), nullable=True)
    attempts: int = columns.count()
    """How often it was begun or taken up again."""
    failures: int = columns.count()
    """Failures in a row that may pass by themselves, since it was last asked for."""
    deaths: int = columns.count()
    """How often its process ended under it, since it was last asked for."""
    ticket: int | None = Field(default=None, sa_type=BigInteger, nullable=True)
    """The one entry of the queue that counts; others that name this job are void."""
    holder: str = columns.words()
    """The process that runs it: machine/process/token."""
    not_before: datetime | None = columns.maybe_moment()
    """When a failed attempt is tried again."""
    creator_id: str | None = columns.maybe_words()
    created_at: datetime = columns.moment()
    started_at: datetime | None = columns.maybe_moment()
    news_at: datetime | None = columns.maybe_moment()
    """When its process last wrote of it."""
    finished_at: datetime | None = columns.maybe_moment()


class JobLine(SQLModel, table=True):
    """A line of a job's log."""

    __tablename__ = "job_log"
    __table_args__ = (
        columns.refers("job_log.job_id", "jobs.id"),
        CheckConstraint("level IN ('info', 'warning', 'error')", name="job_log_level_check"),
        Index("job_log_job_idx", "job_id", "id"),
    )

    id: int | None = columns.numbered(BigInteger)
    job_id: int = Field(sa_type=BigInteger)
    at: datetime = columns.moment()
    level: str = columns.words("info")
    text: str = columns.words()
