"""Steering grows: presets, vectors of people's own, and saved runs that hold every option."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from alembic import op

revision: str = "0002"
down_revision: str | Sequence[str] | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("steer_outputs", json("options", "{}"))
    op.add_column("steer_outputs", json("vectors", "[]"))
    op.add_column("steer_outputs", json("strip", "[]"))
    create_presets()
    create_vectors()


def downgrade() -> None:
    op.drop_table("steer_vectors")
    op.drop_table("steer_presets")
    for name in ("strip", "vectors", "options"):
        op.drop_column("steer_outputs", name)


def create_presets() -> None:
    op.create_table(
        "steer_presets",
        key("id"),
        words("model_id"),
        words("alias"),
        words("name"),
        words("kind", "features"),
        sa.Column("rank", sa.Integer(), server_default=sa.text("0"), nullable=False),
        words("prompt"),
        json("features", "[]"),
        json("options", "{}"),
        words("origin"),
        sa.Column("hidden", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        maybe_words("creator_id"),
        moment("created_at"),
        moment("updated_at"),
        sa.CheckConstraint("kind IN ('prompt', 'features')", name="steer_presets_kind_check"),
        creator("steer_presets"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("model_id", "alias", name="steer_presets_alias_key"),
    )


def create_vectors() -> None:
    op.create_table(
        "steer_vectors",
        key("model_id"),
        key("source_id"),
        sa.Column("index", sa.Integer(), autoincrement=False, nullable=False),
        words("label"),
        words("hook_name"),
        sa.Column("values", sa.ARRAY(sa.REAL()), server_default=sa.text("'{}'::real[]"), nullable=False),
        sa.Column("default_strength", sa.Float(), server_default=sa.text("10"), nullable=False),
        words("visibility", "public"),
        maybe_words("creator_id"),
        moment("created_at"),
        sa.CheckConstraint("visibility IN ('public', 'unlisted', 'private')", name="steer_vectors_visibility_check"),
        creator("steer_vectors"),
        sa.PrimaryKeyConstraint("model_id", "source_id", "index"),
    )


def words(name: str, default: str = "") -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), server_default=sa.text(f"'{default}'"), nullable=False)


def maybe_words(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=True)


def key(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=False)


def json(name: str, default: str) -> sa.Column[Any]:
    return sa.Column(name, JSONB(), server_default=sa.text(f"'{default}'::jsonb"), nullable=False)


def moment(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)


def creator(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["creator_id"], ["users.id"], name=f"{table}_creator_id_fkey", ondelete="SET NULL")
