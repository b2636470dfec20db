"""What people gather: lists of features with notes, what a list's text did on each, and bookmarks.

Features are named by their address, not by a foreign key: a list outlives the dataset that it points into.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ARRAY, Boolean, ForeignKeyConstraint, Index, Integer, Text
from sqlmodel import Field, SQLModel

from memicos_app.db import columns


def address_index() -> int:
    """The feature's index as part of a primary key, which the server does not number."""
    return Field(primary_key=True, sa_type=Integer, sa_column_kwargs={"autoincrement": False})  # type: ignore[no-any-return]


class FeatureList(SQLModel, table=True):
    """A list of somebody's."""

    __tablename__ = "lists"
    __table_args__ = (
        columns.refers("lists.creator_id", "users.id"),
        columns.visible("lists"),
        Index("lists_creator_idx", "creator_id", "updated_at"),
        Index("lists_updated_at_idx", "updated_at"),
    )

    id: str = columns.key()
    name: str = columns.words()
    description: str = columns.words()
    test_text: str = columns.words()
    """Run over all features of the list; empty: none."""
    visibility: str = columns.visibility()
    hidden: bool = columns.flag(False)
    """Taken out of everybody's sight but its owner's by an administrator."""
    creator_id: str = columns.words()
    created_at: datetime = columns.moment()
    updated_at: datetime = columns.moment()


class ListEntry(SQLModel, table=True):
    """A feature of a list; `position` orders, and may have holes."""

    __tablename__ = "list_entries"
    __table_args__ = (
        columns.refers("list_entries.list_id", "lists.id"),
        Index("list_entries_position_idx", "list_id", "position"),
        Index("list_entries_feature_idx", "model_id", "source_id", "index"),
    )

    list_id: str = columns.key()
    model_id: str = columns.key()
    source_id: str = columns.key()
    index: int = address_index()
    position: int = columns.count()
    note: str = columns.words()
    added_at: datetime = columns.moment()


class ListTestResult(SQLModel, table=True):
    """What a feature of a list did on the list's text, kept with the list."""

    __tablename__ = "list_test_results"
    __table_args__ = (
        ForeignKeyConstraint(
            ["list_id", "model_id", "source_id", "index"],
            [f"list_entries.{name}" for name in ("list_id", "model_id", "source_id", "index")],
            name="list_test_results_entry_fkey",
            ondelete="CASCADE",
        ),
    )

    list_id: str = columns.key()
    model_id: str = columns.key()
    source_id: str = columns.key()
    index: int = address_index()
    text: str = columns.words()
    """What was run; a result of another text than the list's is out of date."""
    tokens: list[str] = Field(sa_type=ARRAY(Text()))
    special: list[bool] = Field(sa_type=ARRAY(Boolean()))
    values: list[float] = columns.reals()
    """One a token; empty where `problem` says why nothing is known."""
    problem: str = columns.words()
    created_at: datetime = columns.moment()


class Bookmark(SQLModel, table=True):
    """A feature that somebody wants to find again: one a person and feature."""

    __tablename__ = "bookmarks"
    __table_args__ = (
        columns.refers("bookmarks.user_id", "users.id"),
        Index("bookmarks_newest_idx", "user_id", "created_at"),
    )

    user_id: str = columns.key()
    model_id: str = columns.key()
    source_id: str = columns.key()
    index: int = address_index()
    created_at: datetime = columns.moment()
