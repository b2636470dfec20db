"""What people make: lists, bookmarks, comments; reports, explanations out of sight, and the log of activity."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision: str = "0013"
down_revision: str | Sequence[str] | None = "0012"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

PLACE = ("list_id", "model_id", "source_id", "index")


def words(name: str, default: str = "") -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default=sa.text(f"'{default}'"), nullable=False)


def text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), autoincrement=False, nullable=nullable)


def flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), server_default=sa.text("false"), nullable=False)


def moment(name: str = "created_at") -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)


def refers(table: str, column: str, target: str, ondelete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=f"{table}_{column}_fkey", ondelete=ondelete)


def upgrade() -> None:
    lists()
    bookmarks()
    comments()
    reports()
    activity()
    op.add_column("explanations", flag("hidden"))


def lists() -> None:
    op.create_table(
        "lists",
        text("id"),
        words("name"),
        words("description"),
        words("test_text"),
        words("visibility", "public"),
        flag("hidden"),
        words("creator_id"),
        moment(),
        moment("updated_at"),
        sa.CheckConstraint("visibility IN ('public', 'unlisted', 'private')", name="lists_visibility_check"),
        refers("lists", "creator_id", "users.id"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("lists_creator_idx", "lists", ["creator_id", "updated_at"])
    op.create_index("lists_updated_at_idx", "lists", ["updated_at"])
    op.create_table(
        "list_entries",
        *(text(name) for name in PLACE[:3]),
        number("index"),
        sa.Column("position", sa.Integer(), server_default=sa.text("0"), nullable=False),
        words("note"),
        moment("added_at"),
        refers("list_entries", "list_id", "lists.id"),
        sa.PrimaryKeyConstraint(*PLACE),
    )
    op.create_index("list_entries_position_idx", "list_entries", ["list_id", "position"])
    op.create_index("list_entries_feature_idx", "list_entries", ["model_id", "source_id", "index"])
    op.create_table(
        "list_test_results",
        *(text(name) for name in PLACE[:3]),
        number("index"),
        words("text"),
        sa.Column("tokens", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("special", sa.ARRAY(sa.Boolean()), nullable=False),
        sa.Column("values", sa.ARRAY(sa.REAL()), server_default=sa.text("'{}'::real[]"), nullable=False),
        words("problem"),
        moment(),
        sa.ForeignKeyConstraint(
            PLACE,
            [f"list_entries.{name}" for name in PLACE],
            name="list_test_results_entry_fkey",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(*PLACE),
    )


def bookmarks() -> None:
    op.create_table(
        "bookmarks",
        text("user_id"),
        *(text(name) for name in PLACE[1:3]),
        number("index"),
        moment(),
        refers("bookmarks", "user_id", "users.id"),
        sa.PrimaryKeyConstraint("user_id", *PLACE[1:]),
    )
    op.create_index("bookmarks_newest_idx", "bookmarks", ["user_id", "created_at"])


def comments() -> None:
    op.create_table(
        "comments",
        text("id"),
        *(text(name, nullable=True) for name in PLACE[:3]),
        number("index", nullable=True),
        words("text"),
        flag("hidden"),
        words("author_id"),
        moment(),
        sa.CheckConstraint(
            "(list_id IS NULL) = (model_id IS NOT NULL AND source_id IS NOT NULL AND index IS NOT NULL)",
            name="comments_subject_check",
        ),
        refers("comments", "author_id", "users.id"),
        refers("comments", "list_id", "lists.id"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("comments_feature_idx", "comments", PLACE[1:], postgresql_where=sa.text("list_id IS NULL"))
    op.create_index("comments_list_idx", "comments", ["list_id"], postgresql_where=sa.text("list_id IS NOT NULL"))
    op.create_index("comments_author_idx", "comments", ["author_id", "created_at"])


def reports() -> None:
    op.create_table(
        "reports",
        text("id"),
        words("kind", "comment"),
        *(words(name) for name in ("subject_id", "place", "words", "author_name", "reason")),
        text("reporter_id", nullable=True),
        words("state", "open"),
        words("decided_by"),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        moment(),
        sa.CheckConstraint("kind IN ('comment', 'explanation', 'list')", name="reports_kind_check"),
        sa.CheckConstraint("state IN ('open', 'dismissed', 'hidden', 'deleted')", name="reports_state_check"),
        refers("reports", "reporter_id", "users.id", "SET NULL"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("kind", "subject_id", "reporter_id", name="reports_reporter_key"),
    )
    op.create_index("reports_newest_idx", "reports", ["state", "created_at"])
    op.create_index("reports_reporter_idx", "reports", ["reporter_id"])


def activity() -> None:
    op.create_table(
        "activity",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        moment("at"),
        text("person_id", nullable=True),
        words("person_name"),
        words("way", "none"),
        words("action"),
        words("subject"),
        sa.Column("details", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("activity_person_idx", "activity", ["person_id", "id"])
    op.create_index("activity_action_idx", "activity", ["action", "id"])


def downgrade() -> None:
    op.drop_column("explanations", "hidden")
    for table in ("activity", "reports", "comments", "bookmarks", "list_test_results", "list_entries", "lists"):
        op.drop_table(table)
