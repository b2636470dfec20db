"""Maps: features laid out on a plane."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision: str = "0011"
down_revision: str | Sequence[str] | None = "0010"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def words(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default=sa.text("''"), nullable=False)


def count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), server_default=sa.text("0"), nullable=False)


def json(name: str, default: str) -> sa.Column[object]:
    return sa.Column(name, postgresql.JSONB(), server_default=sa.text(f"'{default}'::jsonb"), nullable=False)


def refers(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=f"{table}_{column}_fkey", ondelete="CASCADE")


def upgrade() -> None:
    op.create_table(
        "feature_maps",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        words("model_id"),
        words("kind"),
        sa.Column("source_ids", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False),
        count("n_points"),
        json("clusters", "[]"),
        json("made", "{}"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind IN ('explanations', 'decoder', 'imported')", name="feature_maps_kind_check"),
        refers("feature_maps", "model_id", "models.id"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("feature_maps_key", "feature_maps", ["model_id", "kind", "source_ids"], unique=True)
    op.create_table(
        "feature_map_layers",
        sa.Column("map_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("place", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("generation_id", sa.Integer(), nullable=False),
        count("n"),
        sa.Column("block", sa.LargeBinary(), nullable=False),
        refers("feature_map_layers", "map_id", "feature_maps.id"),
        refers("feature_map_layers", "generation_id", "source_generations.id"),
        sa.PrimaryKeyConstraint("map_id", "place"),
    )
    op.create_index("feature_map_layers_generation_idx", "feature_map_layers", ["generation_id"])


def downgrade() -> None:
    op.drop_table("feature_map_layers")
    op.drop_table("feature_maps")
