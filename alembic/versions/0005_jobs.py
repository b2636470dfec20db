"""Long work: jobs as people see them, their log, and the queue's own tables.

The queue's schema is the one that procrastinate 3.10 ships; a test notices when another version ships another.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from alembic import op

revision: str = "0005"
down_revision: str | Sequence[str] | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

OPEN = "state IN ('waiting', 'running', 'paused')"


def upgrade() -> None:
    from procrastinate.schema import SchemaManager  # here, because every start of the site reads this module

    run(SchemaManager.get_schema())
    create_jobs()
    create_log()


def downgrade() -> None:
    op.drop_table("job_log")
    op.drop_table("jobs")
    run(DROP_QUEUE)


def run(script: str) -> None:
    """Run SQL that is also right as a file: per cent signs, which drivers double, are written as escapes."""
    script = re.sub(r"'[^'\n]*%[^'\n]*'", lambda found: "E" + found[0].replace("%", r"\x25"), script)
    op.execute(sa.text(script.replace(":", r"\:")))


def create_jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        words("kind"),
        words("title"),
        words("subject"),
        sa.Column("arguments", JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        words("state", "waiting"),
        words("wish"),
        words("step"),
        amount("done"),
        amount("total"),
        words("unit"),
        amount("rate"),
        words("error"),
        sa.Column("result", JSONB(), nullable=True),
        count("attempts"),
        count("failures"),
        count("deaths"),
        sa.Column("ticket", sa.BigInteger(), nullable=True),
        words("holder"),
        maybe_moment("not_before"),
        sa.Column("creator_id", sa.Text(), nullable=True),
        moment("created_at"),
        maybe_moment("started_at"),
        maybe_moment("news_at"),
        maybe_moment("finished_at"),
        sa.CheckConstraint(
            "state IN ('waiting', 'running', 'paused', 'done', 'failed', 'cancelled')", name="jobs_state_check"
        ),
        sa.CheckConstraint("wish IN ('', 'pause', 'cancel')", name="jobs_wish_check"),
        sa.ForeignKeyConstraint(["creator_id"], ["users.id"], name="jobs_creator_id_fkey", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id"),
    )
    one_open = sa.text(f"{OPEN} AND subject <> ''")
    op.create_index("jobs_open_key", "jobs", ["kind", "subject"], unique=True, postgresql_where=one_open)
    op.create_index("jobs_open_idx", "jobs", ["id"], postgresql_where=sa.text(OPEN))


def create_log() -> None:
    op.create_table(
        "job_log",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=False),
        moment("at"),
        words("level", "info"),
        words("text"),
        sa.CheckConstraint("level IN ('info', 'warning', 'error')", name="job_log_level_check"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="job_log_job_id_fkey", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("job_log_job_idx", "job_log", ["job_id", "id"])


def words(name: str, default: str = "") -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), server_default=sa.text(f"'{default}'"), nullable=False)


def amount(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Double(), server_default=sa.text("0"), nullable=False)


def count(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), server_default=sa.text("0"), nullable=False)


def moment(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)


def maybe_moment(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=True)


DROP_QUEUE = r"""
DO $$
DECLARE
    one record;
BEGIN
    DROP TABLE procrastinate_events, procrastinate_periodic_defers, procrastinate_jobs, procrastinate_workers
        CASCADE;
    FOR one IN SELECT oid::regprocedure AS name FROM pg_proc
        WHERE proname LIKE 'procrastinate%' AND pronamespace = current_schema()::regnamespace
    LOOP
        EXECUTE 'DROP FUNCTION ' || one.name;
    END LOOP;
    DROP TYPE procrastinate_job_to_defer_v1, procrastinate_job_status, procrastinate_job_event_type;
END;
$$;
"""
