"""How people are known here: sessions of browsers, API keys, links by e-mail, accounts elsewhere.

Whoever reads these tables can sign in as nobody: of every secret only its hash is kept.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import DateTime, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from memicos_app.db import columns


class UserSession(SQLModel, table=True):
    """A browser that somebody signed in with."""

    __tablename__ = "user_sessions"
    __table_args__ = (
        columns.refers("user_sessions.user_id", "users.id"),
        UniqueConstraint("token_hash", name="user_sessions_token_hash_key"),
        Index("user_sessions_user_idx", "user_id"),
    )

    id: str = columns.key()
    user_id: str = columns.words()
    token_hash: str = columns.words()
    agent: str = columns.words()
    """What the browser calls itself."""
    created_at: datetime = columns.moment()
    seen_at: datetime = columns.moment()
    expires_at: datetime = Field(sa_type=DateTime(timezone=True))


class ApiKey(SQLModel, table=True):
    """A key that programs send in place of a person's session; revoked ones stay for the record."""

    __tablename__ = "api_keys"
    __table_args__ = (
        columns.refers("api_keys.user_id", "users.id"),
        UniqueConstraint("key_hash", name="api_keys_key_hash_key"),
        Index("api_keys_user_idx", "user_id"),
    )

    id: str = columns.key()
    user_id: str = columns.words()
    name: str = columns.words()
    key_hash: str = columns.words()
    last_four: str = columns.words()
    created_at: datetime = columns.moment()
    used_at: datetime | None = columns.maybe_moment()
    revoked_at: datetime | None = columns.maybe_moment()


class SignInLink(SQLModel, table=True):
    """A link by e-mail, good once: it signs in, or confirms a person's new address where `user_id` is set."""

    __tablename__ = "sign_in_links"
    __table_args__ = (
        columns.refers("sign_in_links.user_id", "users.id"),
        Index("sign_in_links_expires_at_idx", "expires_at"),
    )

    token_hash: str = columns.key()
    email: str = columns.words()
    user_id: str | None = columns.maybe_words()
    next: str = columns.words("/")
    """Path of this site to go to afterwards."""
    created_at: datetime = columns.moment()
    expires_at: datetime = Field(sa_type=DateTime(timezone=True))


class UserIdentity(SQLModel, table=True):
    """An account elsewhere that signs in here."""

    __tablename__ = "user_identities"
    __table_args__ = (
        columns.refers("user_identities.user_id", "users.id"),
        Index("user_identities_user_idx", "user_id"),
    )

    provider: str = columns.key()
    subject: str = columns.key()
    """What the provider calls the account; never changes, other than its e-mail."""
    issuer: str = columns.later_key()
    """Address of the provider: another one's accounts are other people's. Empty: joined before this was kept."""
    user_id: str = columns.words()
    label: str = columns.words()
    """E-mail or name there, to be shown."""
    created_at: datetime = columns.moment()


class SignInAttempt(SQLModel, table=True):
    """How often somebody tried to sign in lately: counted for an account, an e-mail and an address, by their hash."""

    __tablename__ = "sign_in_attempts"

    what: str = columns.key()
    count: int = columns.count()
    since: datetime = columns.moment()
