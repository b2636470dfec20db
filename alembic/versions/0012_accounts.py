"""People sign in: passwords, sessions, API keys, links by e-mail, accounts elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from alembic import op

revision: str = "0012"
down_revision: str | Sequence[str] | None = "0011"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_EMPTY = sa.text("''")
_NOW = sa.text("now()")


def upgrade() -> None:
    op.add_column("users", sa.Column("password_hash", sa.Text(), server_default=_EMPTY, nullable=False))
    op.add_column("users", sa.Column("notify_comments", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.add_column("users", sa.Column("notify_jobs", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("users", sa.Column("mail_code", sa.Text(), server_default=_EMPTY, nullable=False))
    op.add_column("users", sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("users_lower_name_key", "users", [sa.text("lower(name)")], unique=True)
    _sessions()
    _keys()
    _links()
    _identities()


def _of_user(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=f"{table}_user_id_fkey", ondelete="CASCADE")


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=_NOW, nullable=False)


def _words(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Text(), server_default=_EMPTY, nullable=False)


def _sessions() -> None:
    op.create_table(
        "user_sessions",
        sa.Column("id", sa.Text(), nullable=False),
        _words("user_id"),
        _words("token_hash"),
        _words("agent"),
        _moment("created_at"),
        _moment("seen_at"),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        _of_user("user_sessions"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_hash", name="user_sessions_token_hash_key"),
    )
    op.create_index("user_sessions_user_idx", "user_sessions", ["user_id"])


def _keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Text(), nullable=False),
        _words("user_id"),
        _words("name"),
        _words("key_hash"),
        _words("last_four"),
        _moment("created_at"),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        _of_user("api_keys"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key_hash", name="api_keys_key_hash_key"),
    )
    op.create_index("api_keys_user_idx", "api_keys", ["user_id"])


def _links() -> None:
    op.create_table(
        "sign_in_links",
        sa.Column("token_hash", sa.Text(), nullable=False),
        _words("email"),
        sa.Column("user_id", sa.Text(), nullable=True),
        sa.Column("next", sa.Text(), server_default=sa.text("'/'"), nullable=False),
        _moment("created_at"),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        _of_user("sign_in_links"),
        sa.PrimaryKeyConstraint("token_hash"),
    )
    op.create_index("sign_in_links_expires_at_idx", "sign_in_links", ["expires_at"])


def _identities() -> None:
    op.create_table(
        "user_identities",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        _words("user_id"),
        _words("label"),
        _moment("created_at"),
        _of_user("user_identities"),
        sa.PrimaryKeyConstraint("provider", "subject"),
    )
    op.create_index("user_identities_user_idx", "user_identities", ["user_id"])


def downgrade() -> None:
    for table in ("user_identities", "sign_in_links", "api_keys", "user_sessions"):
        op.drop_table(table)
    op.drop_index("users_lower_name_key", "users")
    for column in ("disabled_at", "mail_code", "notify_jobs", "notify_comments", "password_hash"):
        op.drop_column("users", column)
