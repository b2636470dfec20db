"""What people report to the site's administrators, and the log of who changed what."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint
from sqlmodel import SQLModel

from memicos_app.db import columns


class Report(SQLModel, table=True):
    """Somebody's word that a thing should not be seen; it outlives the thing, and says what became of it."""

    __tablename__ = "reports"
    __table_args__ = (
        columns.refers("reports.reporter_id", "users.id", ondelete="SET NULL"),
        CheckConstraint("kind IN ('comment', 'explanation', 'list')", name="reports_kind_check"),
        CheckConstraint("state IN ('open', 'dismissed', 'hidden', 'deleted')", name="reports_state_check"),
        UniqueConstraint("kind", "subject_id", "reporter_id", name="reports_reporter_key"),
        Index("reports_newest_idx", "state", "created_at"),
        Index("reports_reporter_idx", "reporter_id"),
    )

    id: str = columns.key()
    kind: str = columns.words("comment")
    subject_id: str = columns.words()
    place: str = columns.words()
    """Path of the page where it stands."""
    words: str = columns.words()
    """What it said when it was reported."""
    author_name: str = columns.words()
    reason: str = columns.words()
    reporter_id: str | None = columns.maybe_words()
    state: str = columns.words("open")
    decided_by: str = columns.words()
    """Name of the administrator."""
    decided_at: datetime | None = columns.maybe_moment()
    created_at: datetime = columns.moment()


class Activity(SQLModel, table=True):
    """One thing that somebody did: a line of the log, which outlives whoever did it."""

    __tablename__ = "activity"
    __table_args__ = (
        Index("activity_person_idx", "person_id", "id"),
        Index("activity_action_idx", "action", "id"),
    )

    id: int | None = columns.numbered(BigInteger)
    at: datetime = columns.moment()
    person_id: str | None = columns.maybe_words()
    person_name: str = columns.words()
    way: str = columns.words("none")
    """How the person was known: `machine`, `session`, `key`, `none`."""
    action: str = columns.words()
    """A dotted word: `list.delete`."""
    subject: str = columns.words()
    details: dict[str, Any] = columns.json_object()
