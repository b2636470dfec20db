"""Votes on explanations, and an index that finds the newest explanations of a type."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from alembic import op

revision: str = "0007"
down_revision: str | Sequence[str] | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "explanation_votes",
        sa.Column("explanation_id", sa.Text(), nullable=False),
        sa.Column("voter_id", sa.Text(), nullable=False),
        sa.Column("points", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("points IN (-1, 1)", name="explanation_votes_points_check"),
        sa.ForeignKeyConstraint(
            ["voter_id"], ["users.id"], name="explanation_votes_voter_id_fkey", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("explanation_id", "voter_id"),
    )
    op.create_index("explanation_votes_voter_idx", "explanation_votes", ["voter_id"])
    op.create_index("explanations_type_idx", "explanations", ["type_name", "created_at"])


def downgrade() -> None:
    op.drop_index("explanations_type_idx", table_name="explanations")
    op.drop_table("explanation_votes")
