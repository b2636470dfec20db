"""What origins said when they were last asked."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from alembic import op

revision: str = "0004"
down_revision: str | Sequence[str] | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "origin_models",
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("model_id", sa.Text(), nullable=False),
        sa.Column("listed_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column("sources_listed_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("origin", "model_id"),
    )
    op.create_table(
        "origin_sources",
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("model_id", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("n_objects", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("n_bytes", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("newest", MOMENT, nullable=True),
        sa.Column("digest", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("objects", JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("listed_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("origin", "model_id", "source_id"),
    )


def downgrade() -> None:
    op.drop_table("origin_sources")
    op.drop_table("origin_models")
