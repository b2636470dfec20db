"""Language models of providers: people's keys, runs over many features, and every call with what it cost."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision: str = "0008"
down_revision: str | Sequence[str] | None = "0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

EMPTY, ZERO, NOW = sa.text("''"), sa.text("0"), sa.text("now()")


def upgrade() -> None:
    _keys()
    _runs()
    _calls()


def downgrade() -> None:
    op.drop_table("provider_calls")
    op.drop_table("provider_runs")
    op.drop_table("provider_keys")


def _words(name: str, default: str = "") -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default=sa.text(f"'{default}'"), nullable=False)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), server_default=ZERO, nullable=False)


def _moment(name: str, *, known: bool = True) -> sa.Column[object]:
    kind = sa.DateTime(timezone=True)
    return sa.Column(name, kind, server_default=NOW if known else None, nullable=not known)


def _keys() -> None:
    op.create_table(
        "provider_keys",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        _words("last_four"),
        _moment("created_at"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="provider_keys_user_id_fkey", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "provider"),
    )


def _runs() -> None:
    op.create_table(
        "provider_runs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        _words("kind"),
        _words("subject"),
        _words("wanted"),
        sa.Column("arguments", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        _words("state", "open"),
        sa.Column("budget_usd", sa.Double(), nullable=True),
        _count("total"),
        _count("done"),
        _count("failed"),
        sa.Column("user_id", sa.Text(), nullable=True),
        _moment("created_at"),
        _moment("ended_at", known=False),
        sa.CheckConstraint("state IN ('open', 'done', 'budget', 'stopped')", name="provider_runs_state_check"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="provider_runs_user_id_fkey", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "provider_runs_open_key",
        "provider_runs",
        ["kind", "wanted"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index("provider_runs_subject_idx", "provider_runs", ["kind", "subject", "id"])


def _calls() -> None:
    op.create_table(
        "provider_calls",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=True),
        sa.Column("user_id", sa.Text(), nullable=True),
        *map(_words, ("purpose", "subject", "provider", "model")),
        _words("state", "asked"),
        *map(_words, ("error_kind", "error", "answer")),
        sa.Column("tokens_in", sa.Integer(), nullable=True),
        sa.Column("tokens_out", sa.Integer(), nullable=True),
        sa.Column("cost_usd", sa.Double(), nullable=True),
        sa.Column("seconds", sa.REAL(), nullable=True),
        _count("attempts"),
        _moment("created_at"),
        _moment("ended_at", known=False),
        sa.CheckConstraint(
            "state IN ('asked', 'answered', 'used', 'failed', 'lost')", name="provider_calls_state_check"
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["provider_runs.id"], name="provider_calls_run_id_fkey", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="provider_calls_user_id_fkey", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("provider_calls_run_idx", "provider_calls", ["run_id", "state"])
    op.create_index("provider_calls_created_at_idx", "provider_calls", ["created_at"])
