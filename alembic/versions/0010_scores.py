"""Scores of explanations that are made here, beside those that came with a dataset."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision: str = "0010"
down_revision: str | Sequence[str] | None = "0009"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.alter_column("explanations", "score", new_column_name="dataset_score")
    op.add_column("explanations", sa.Column("own_score", sa.REAL(), nullable=True))
    score = sa.Computed("coalesce(own_score, dataset_score)", persisted=True)
    op.add_column("explanations", sa.Column("score", sa.REAL(), score, nullable=True))
    empty, none = sa.text("''"), sa.text("0")
    op.create_table(
        "explanation_scores",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("model_id", sa.Text(), server_default=empty, nullable=False),
        sa.Column("source_id", sa.Text(), server_default=empty, nullable=False),
        sa.Column("index", sa.Integer(), nullable=False),
        sa.Column("explanation_id", sa.Text(), server_default=empty, nullable=False),
        sa.Column("description", sa.Text(), server_default=empty, nullable=False),
        sa.Column("type_name", sa.Text(), server_default=empty, nullable=False),
        sa.Column("scorer", sa.Text(), server_default=empty, nullable=False),
        sa.Column("prompt", sa.Text(), server_default=empty, nullable=False),
        sa.Column("value", sa.REAL(), nullable=True),
        sa.Column("low", sa.REAL(), nullable=True),
        sa.Column("high", sa.REAL(), nullable=True),
        sa.Column("n", sa.Integer(), server_default=none, nullable=False),
        sa.Column("n_failed", sa.Integer(), server_default=none, nullable=False),
        sa.Column("problem", sa.Text(), server_default=empty, nullable=False),
        sa.Column("seed", sa.BigInteger(), server_default=none, nullable=False),
        sa.Column("settings", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("tokens_in", sa.Integer(), nullable=True),
        sa.Column("tokens_out", sa.Integer(), nullable=True),
        sa.Column("cost_usd", sa.Double(), nullable=True),
        sa.Column("run_id", sa.BigInteger(), nullable=True),
        sa.Column("initiated_by", sa.Text(), nullable=True),
        sa.Column("examples", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["model_id", "source_id"],
            ["sources.model_id", "sources.id"],
            name="explanation_scores_model_id_source_id_fkey",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["initiated_by"], ["users.id"], name="explanation_scores_initiated_by_fkey", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "explanation_scores_explanation_idx",
        "explanation_scores",
        ["model_id", "source_id", "explanation_id", "type_name"],
    )
    op.create_index("explanation_scores_type_name_idx", "explanation_scores", ["type_name", "created_at"])


def downgrade() -> None:
    op.drop_table("explanation_scores")
    op.drop_column("explanations", "score")
    op.drop_column("explanations", "own_score")
    op.alter_column("explanations", "dataset_score", new_column_name="score")
