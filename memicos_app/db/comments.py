"""What people say of features and lists."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import SQLModel

from memicos_app.db import columns


class Comment(SQLModel, table=True):
    """A comment on a list (`list_id`), or on the feature of an address."""

    __tablename__ = "comments"
    __table_args__ = (
        columns.refers("comments.author_id", "users.id"),
        columns.refers("comments.list_id", "lists.id"),
        CheckConstraint(
            "(list_id IS NULL) = (model_id IS NOT NULL AND source_id IS NOT NULL AND index IS NOT NULL)",
            name="comments_subject_check",
        ),
        Index("comments_feature_idx", "model_id", "source_id", "index", postgresql_where=text("list_id IS NULL")),
        Index("comments_list_idx", "list_id", postgresql_where=text("list_id IS NOT NULL")),
        Index("comments_author_idx", "author_id", "created_at"),
    )

    id: str = columns.key()
    list_id: str | None = columns.maybe_words()
    model_id: str | None = columns.maybe_words()
    source_id: str | None = columns.maybe_words()
    index: int | None = None
    text: str = columns.words()
    hidden: bool = columns.flag(False)
    """Taken out of everybody's sight but its author's by an administrator."""
    author_id: str = columns.words()
    created_at: datetime = columns.moment()
