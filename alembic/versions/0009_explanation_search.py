"""Search by explanation: words and stems in one column, a partial index of what lacks a vector, a vocabulary."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSVECTOR

from alembic import op

revision: str = "0009"
down_revision: str | Sequence[str] | None = "0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

EMBEDDERS = (1, 2)
PLAIN = r"regexp_replace(description, '\W+', ' ', 'g')"
LEXEMES = f"to_tsvector('simple', {PLAIN}) || to_tsvector('english', {PLAIN})"
SET_BITS = """
    UPDATE explanations AS x SET embedded = x.embedded | v.bits FROM (
        SELECT explanation_number, bit_or(1 << embedder_id) AS bits FROM {} GROUP BY explanation_number
    ) AS v WHERE x.number = v.explanation_number
"""
MARK = f"""
    CREATE FUNCTION explanation_embeddings_mark() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN {SET_BITS.format("fresh")}; RETURN NULL; END $$;
    CREATE TRIGGER explanation_embeddings_mark AFTER INSERT ON explanation_embeddings
        REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION explanation_embeddings_mark()
"""
CHANGED = """
    CREATE FUNCTION explanations_changed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        DELETE FROM explanation_embeddings WHERE explanation_number = NEW.number;
        NEW.embedded := 0;
        RETURN NEW;
    END $$;
    CREATE TRIGGER explanations_changed BEFORE UPDATE OF description ON explanations FOR EACH ROW
        WHEN (OLD.description IS DISTINCT FROM NEW.description) EXECUTE FUNCTION explanations_changed()
"""


def upgrade() -> None:
    op.drop_index("explanations_words_idx", "explanations")
    op.add_column("explanations", sa.Column("embedded", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("explanations", sa.Column("lexemes", TSVECTOR(), sa.Computed(LEXEMES, persisted=True)))
    op.execute(SET_BITS.format("explanation_embeddings"))
    op.create_index("explanations_words_idx", "explanations", ["lexemes"], postgresql_using="gin")
    for embedder in EMBEDDERS:
        op.create_index(
            f"explanations_unembedded_{embedder}_idx",
            "explanations",
            ["model_id", "source_id", "number"],
            postgresql_where=sa.text(f"((embedded & {1 << embedder}) = 0)"),
        )
    op.execute(MARK)
    op.execute(CHANGED)
    op.create_table(
        "explanation_words",
        sa.Column("word", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("trigrams", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False),
        sa.PrimaryKeyConstraint("word"),
    )
    op.create_index("explanation_words_trigrams_idx", "explanation_words", ["trigrams"], postgresql_using="gin")


def downgrade() -> None:
    op.drop_table("explanation_words")
    for table, name in (("explanations", "explanations_changed"), ("explanation_embeddings", None)):
        name = name or "explanation_embeddings_mark"
        op.execute(f"DROP TRIGGER {name} ON {table}")
        op.execute(f"DROP FUNCTION {name}()")
    for embedder in EMBEDDERS:
        op.drop_index(f"explanations_unembedded_{embedder}_idx", "explanations")
    op.drop_index("explanations_words_idx", "explanations")
    op.drop_column("explanations", "lexemes")
    op.drop_column("explanations", "embedded")
    op.create_index(
        "explanations_words_idx",
        "explanations",
        [sa.literal_column(f"to_tsvector('simple', {PLAIN})")],
        postgresql_using="gin",
    )
