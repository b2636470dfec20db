"""People and programs that own things here."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import SQLModel

from memicos_app.db import columns

OWNER_ID = "owner"
"""The first user: made by the first migration, owner of a site for one."""


class User(SQLModel, table=True):
    """An account; `bot` marks one that no person signs in to."""

    __tablename__ = "users"
    __table_args__ = (
        UniqueConstraint("name", name="users_name_key"),
        UniqueConstraint("email", name="users_email_key"),
        Index("users_lower_name_key", text("lower(name)"), unique=True),
    )

    id: str = columns.key()
    name: str = columns.words()
    email: str | None = columns.maybe_words()
    """Lower case; kept once it is known to be the person's."""
    bio: str = columns.words()
    admin: bool = columns.flag(False)
    bot: bool = columns.flag(False)
    can_trigger_explanations: bool = columns.flag(False)
    password_hash: str = columns.words()
    """Argon2; empty: no password signs in."""
    notify_comments: bool = columns.flag(True)
    notify_jobs: bool = columns.flag(False)
    mail_code: str = columns.words()
    """Stands in the links of mails that end them; made with the first."""
    disabled_at: datetime | None = columns.maybe_moment()
    created_at: datetime = columns.moment()
