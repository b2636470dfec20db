"""How far sources and source sets are shown: the strictest of their own visibility and of what holds them."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from alembic import op

revision: str = "0016"
down_revision: str | Sequence[str] | None = "0015"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# Who sees a source is asked by nearly every statement: kept beside it, that costs no join.
STRICTEST = """
    CREATE FUNCTION strictest_visibility(VARIADIC parts text[]) RETURNS text LANGUAGE sql IMMUTABLE AS $$
        SELECT CASE WHEN 'private' = ANY (parts) THEN 'private'
                    WHEN 'unlisted' = ANY (parts) THEN 'unlisted' ELSE 'public' END
    $$
"""
OF_SET = """
    CREATE FUNCTION source_set_shown() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        NEW.shown := strictest_visibility(
            NEW.visibility, (SELECT visibility FROM models WHERE id = NEW.model_id FOR SHARE));
        RETURN NEW;
    END $$
"""
OF_SOURCE = """
    CREATE FUNCTION source_shown() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        NEW.shown := strictest_visibility(
            NEW.visibility,
            (SELECT shown FROM source_sets WHERE model_id = NEW.model_id AND name = NEW.set_name FOR SHARE));
        RETURN NEW;
    END $$
"""
MODEL_CHANGED = """
    CREATE FUNCTION model_visibility_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        UPDATE source_sets SET visibility = visibility WHERE model_id = NEW.id;
        RETURN NULL;
    END $$
"""
SET_CHANGED = """
    CREATE FUNCTION source_set_shown_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        UPDATE sources SET visibility = visibility WHERE model_id = NEW.model_id AND set_name = NEW.name;
        RETURN NULL;
    END $$
"""
TRIGGERS = (
    "CREATE TRIGGER shown BEFORE INSERT OR UPDATE OF visibility, shown, model_id ON source_sets "
    "FOR EACH ROW EXECUTE FUNCTION source_set_shown()",
    "CREATE TRIGGER shown BEFORE INSERT OR UPDATE OF visibility, shown, model_id, set_name ON sources "
    "FOR EACH ROW EXECUTE FUNCTION source_shown()",
    "CREATE TRIGGER visibility_changed AFTER UPDATE OF visibility ON models "
    "FOR EACH ROW WHEN (OLD.visibility IS DISTINCT FROM NEW.visibility) EXECUTE FUNCTION model_visibility_changed()",
    "CREATE TRIGGER shown_changed AFTER UPDATE ON source_sets "
    "FOR EACH ROW WHEN (OLD.shown IS DISTINCT FROM NEW.shown) EXECUTE FUNCTION source_set_shown_changed()",
)
FUNCTIONS = (
    "source_set_shown()",
    "source_shown()",
    "model_visibility_changed()",
    "source_set_shown_changed()",
    "strictest_visibility(text[])",
)


def upgrade() -> None:
    for table in ("source_sets", "sources"):
        op.add_column(table, sa.Column("shown", sa.Text(), server_default=sa.text("'public'"), nullable=False))
    for statement in (STRICTEST, OF_SET, OF_SOURCE, MODEL_CHANGED, SET_CHANGED, *TRIGGERS):
        op.execute(statement)
    op.execute("UPDATE source_sets SET shown = shown")
    op.execute("UPDATE sources SET shown = shown")


def downgrade() -> None:
    op.execute("DROP TRIGGER visibility_changed ON models")
    op.execute("DROP TRIGGER shown_changed ON source_sets")
    for table in ("sources", "source_sets"):
        op.execute(f"DROP TRIGGER shown ON {table}")
        op.drop_column(table, "shown")
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}")
