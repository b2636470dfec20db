"""What is known of an import: its files, the lines set aside, sums of its rows, its verdict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from alembic import op

revision: str = "0003"
down_revision: str | Sequence[str] | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TABLES = ("import_files", "import_problems", "import_sums")


def upgrade() -> None:
    create_files()
    create_problems()
    create_sums()
    texts = sa.text("'{}'::text[]")
    op.add_column("source_generations", sa.Column("parts", sa.ARRAY(sa.Text()), server_default=texts, nullable=False))
    op.add_column("source_generations", words("verdict"))
    op.add_column(
        "source_generations", sa.Column("missing", sa.ARRAY(sa.Text()), server_default=texts, nullable=False)
    )
    op.add_column(
        "source_generations",
        sa.Column("counts", JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
    )


def downgrade() -> None:
    for name in ("counts", "missing", "verdict", "parts"):
        op.drop_column("source_generations", name)
    for table in reversed(TABLES):
        op.drop_table(table)


def create_files() -> None:
    op.create_table(
        "import_files",
        whole("generation_id"),
        sa.Column("name", sa.Text(), nullable=False),
        count("place"),
        large("size"),
        words("version"),
        moment("modified"),
        words("state", "waiting"),
        count("rows"),
        count("problems"),
        words("content_hash"),
        sa.Column("new_tokens", sa.LargeBinary(), nullable=True),
        sa.Column("sharing", sa.Boolean(), nullable=True),
        moment("finished_at"),
        sa.CheckConstraint("state IN ('waiting', 'done', 'damaged')", name="import_files_state_check"),
        of_generation("import_files"),
        sa.PrimaryKeyConstraint("generation_id", "name"),
    )


def create_problems() -> None:
    op.create_table(
        "import_problems",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        whole("generation_id"),
        words("file"),
        count("line"),
        words("message"),
        sa.Column("raw", sa.LargeBinary(), nullable=True),
        large("raw_size"),
        of_generation("import_problems"),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("import_problems_generation_idx", "import_problems", ["generation_id", "file", "line"])


def create_sums() -> None:
    op.create_table(
        "import_sums",
        whole("generation_id"),
        sa.Column("table_name", sa.Text(), nullable=False),
        whole("part"),
        sa.Column("keys", sa.LargeBinary(), nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        of_generation("import_sums"),
        sa.PrimaryKeyConstraint("generation_id", "table_name", "part"),
    )


def words(name: str, default: str = "") -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), server_default=sa.text(f"'{default}'"), nullable=False)


def whole(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), autoincrement=False, nullable=False)


def count(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), server_default=sa.text("0"), nullable=False)


def large(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), server_default=sa.text("0"), nullable=False)


def moment(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=True)


def of_generation(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["generation_id"], ["source_generations.id"], name=f"{table}_generation_id_fkey", ondelete="CASCADE"
    )
