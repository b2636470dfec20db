"""Texts that people test on features are kept for them."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from alembic import op

revision: str = "0018"
down_revision: str | Sequence[str] | None = "0017"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "tested_texts",
        sa.Column("id", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text(), server_default=sa.text("''"), nullable=False) for name in ("user_id", *PLACE)),
        sa.Column("index", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("text", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("strongest", sa.REAL(), server_default=sa.text("0"), nullable=False),
        sa.Column("tested_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="tested_texts_user_id_fkey", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "tested_texts_once_idx", "tested_texts", ["user_id", *PLACE, "index", sa.text("md5(text)")], unique=True
    )
    op.create_index("tested_texts_newest_idx", "tested_texts", ["user_id", "tested_at"])


PLACE = ("model_id", "source_id")


def downgrade() -> None:
    op.drop_table("tested_texts")
