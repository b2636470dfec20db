"""People and programs that own things here."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import SQLModel

from memicos_app.db import columns

OWNER_ID = "owner"
"""The first user: made by the first migration, owner of everything until accounts exist."""


class User(SQLModel, table=True):
    """An account; `bot` marks one that no person signs in to."""

    __tablename__ = "users"
    __table_args__ = (
        UniqueConstraint("name", name="users_name_key"),
        UniqueConstraint("email", name="users_email_key"),
    )

    id: str = columns.key()
    name: str = columns.words()
    email: str | None = columns.maybe_words()
    bio: str = columns.words()
    admin: bool = columns.flag(False)
    bot: bool = columns.flag(False)
    can_trigger_explanations: bool = columns.flag(False)
    created_at: datetime = columns.moment()
