"""Uploads: which features came by themselves, files that were read before, examples of people's own vectors."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from alembic import op

revision: str = "0006"
down_revision: str | Sequence[str] | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("features", sa.Column("uploaded", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("features", sa.Column("replaces", sa.Integer(), nullable=True))
    empty = sa.text("''::bytea")
    op.add_column("steer_vectors", sa.Column("examples", sa.LargeBinary(), server_default=empty, nullable=False))
    op.create_table(
        "uploaded_files",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("generation_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("n_features", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("dead", sa.ARRAY(sa.Integer()), server_default=sa.text("'{}'::integer[]"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["generation_id"],
            ["source_generations.id"],
            name="uploaded_files_generation_id_fkey",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("sha256", "generation_id"),
    )


def downgrade() -> None:
    op.drop_table("uploaded_files")
    op.drop_column("steer_vectors", "examples")
    op.drop_column("features", "replaces")
    op.drop_column("features", "uploaded")
